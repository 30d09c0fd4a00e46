package io.holdfast.agent.heap;

import io.holdfast.agent.os.DiagnosticCommands;
import io.holdfast.agent.os.JdkInternals;
import io.holdfast.agent.os.VmOptions;
import io.holdfast.agent.report.AgentLog;
import java.lang.management.ManagementFactory;
import java.lang.ref.SoftReference;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Chooses how the ceiling of this JVM's heap is moved: as its vendor does if it can, else as its collector allows. */
public final class HeapControls {
    private final VmOptions options;
    private final DiagnosticCommands commands;
    private final HeapUsage usage;
    private final JdkInternals internals;
    private final AgentLog log;

    public HeapControls(
            VmOptions options, DiagnosticCommands commands, HeapUsage usage, JdkInternals internals, AgentLog log) {
        this.options = options;
        this.commands = commands;
        this.usage = usage;
        this.internals = internals;
        this.log = log;
    }

    /** Returns the collector's name: G1, ZGC, Parallel, Serial, Shenandoah or other. */
    public String collector() {
        for (String name : List.of("G1", "Z", "Parallel", "Serial", "Shenandoah")) {
            if ("true".equals(options.value("Use" + name + "GC"))) {
                return name.equals("Z") ? "ZGC" : name;
            }
        }
        return "other";
    }

    /**
     * @param collections must have been started
     * @param giveWay whether the application gets back what it needs and its cgroup allows
     * @param libraries directories to load a library from
     * @param state what a predecessor handed over; empty if there was none
     */
    public HeapControl choose(
            CollectionListener collections,
            MemoryRoom room,
            boolean giveWay,
            List<Path> libraries,
            Map<String, Object> state) {
        long max = Runtime.getRuntime().maxMemory();
        for (VendorDialect dialect : VendorDialect.values()) {
            if (dialect.enabled(options) && commands.has(dialect.operation())) {
                long reserve = options.number(dialect.reserveOption()).orElse(max);
                return new VendorHeap(dialect, reserve, usage, commands, state);
            }
        }
        String vm = System.getProperty("java.vm.name", "");
        HeapControl openJ9 =
                vm.contains("OpenJ9") ? OpenJ9Heap.find(vm, ManagementFactory.getPlatformMBeanServer(), usage) : null;
        if (openJ9 != null) {
            return openJ9;
        }
        return switch (collector()) {
            case "G1" -> g1(max, collections, room, giveWay, libraries, state);
            case "ZGC" -> new CollectorHeap(HeapMethod.SOFT_MAX_HEAP_SIZE, max, options, usage, state);
            default -> {
                String reason = "with " + collector() + " of " + vm + " nothing was found to work";
                log.warn("Heap ceiling unsupported", "gc", collector(), "remedy", "start with -XX:+UseG1GC");
                yield new FixedHeap(max, usage, reason);
            }
        };
    }

    private HeapControl g1(
            long max,
            CollectionListener collections,
            MemoryRoom room,
            boolean giveWay,
            List<Path> libraries,
            Map<String, Object> state) {
        ChunkPlan plan = ChunkPlan.of(max, options.number("G1HeapRegionSize").orElse(ChunkPlan.LARGEST));
        PageRelease release = release(libraries, plan, Balloon.any(state));
        if (release == null) {
            return new CollectorHeap(HeapMethod.SOFT, max, options, usage, state);
        }
        long millisPerMb = options.number("SoftRefLRUPolicyMSPerMB").orElse(0);
        boolean byCollector =
                internals.postpone(new SoftReference<>(plan)) || GiveWayPolicy.collectorMayTake(millisPerMb);
        if (giveWay && !byCollector) {
            log.warn(
                    "Balloon cannot be given to the collector",
                    "SoftRefLRUPolicyMSPerMB",
                    millisPerMb,
                    "consequence",
                    "it gives way to a full heap only");
        }
        BalloonHeap heap = new BalloonHeap(
                max,
                plan,
                release,
                usage,
                new Balloon(internals::postpone),
                collections,
                new BalloonKeeper.GiveWay(room, giveWay, byCollector),
                log);
        heap.takeOver(state);
        return heap;
    }

    /**
     * Returns the first way to give pages back that works; null if none does.
     *
     * @param held an array to try it with; null for a new one
     */
    private PageRelease release(List<Path> libraries, ChunkPlan plan, long[] held) {
        long[] zeros = held == null ? new long[ChunkPlan.elements(plan.regionBytes())] : held;
        StringBuilder failures = new StringBuilder();
        for (boolean foreign : new boolean[] {true, false}) {
            try {
                PageRelease release = foreign ? FfmPageRelease.link() : JniPageRelease.load(libraries);
                long answer = release.release(zeros, plan.regionBytes());
                if (answer > 0) {
                    return release;
                }
                failures.append("madvise answered ").append(answer).append("; ");
            } catch (UnsupportedOperationException e) {
                failures.append(e.getMessage()).append("; ");
            }
        }
        log.warn(
                "Heap pages cannot be given back",
                "consequence",
                "the ceiling is soft and the heap may grow above it",
                "reasons",
                failures);
        return null;
    }
}
