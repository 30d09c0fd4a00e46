package io.holdfast.benchmarks.resize;

import io.holdfast.benchmarks.Figures;
import io.holdfast.benchmarks.job.LoadedJob;
import io.holdfast.testing.FlinkProcess;
import io.holdfast.testing.FlinkProcessesBuilder;
import io.holdfast.testing.MemoryCgroup;
import io.holdfast.testing.TaskManagerStart;
import io.holdfast.testing.resize.ElasticTaskManager;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What a heap that the agent keeps small costs while nothing is resized, compared with one that is as small by its {@code
 * -Xmx}: how many records go through, by the clock and by processor time, in windows in turn.
 */
final class SteadyWindows {

    private static final int PARALLELISM = 2;
    private static final int SETTLE_MILLIS = 1_000;
    private static final int WARM_UPS = 5;
    private static final int GARBAGE_KIB = 64;

    private final Scale scale;
    private final Build build;
    private final Path directory;
    private final Path socket;
    private final Consumer<String> log;

    SteadyWindows(Scale scale, Build build, Path directory, Path socket, Consumer<String> log) {
        this.scale = scale;
        this.build = build;
        this.directory = directory;
        this.socket = socket;
        this.log = log;
    }

    private record Window(double perSecond, double perCpuSecond) {}

    Map<String, Object> run() throws IOException {
        List<Double> ratios = new ArrayList<>();
        List<Double> cpuRatios = new ArrayList<>();
        List<Double> nativePerSecond = new ArrayList<>();
        try (MemoryCgroup balloonGroup = MemoryCgroup.create("balloon", scale.smallBytes());
                MemoryCgroup nativeGroup = MemoryCgroup.create("native", scale.smallBytes());
                LoadedCluster balloon = start("balloon", balloonGroup, true);
                LoadedCluster other = start("native", nativeGroup, false)) {
            for (int i = 0; i < WARM_UPS; i++) {
                measure(balloon);
                measure(other);
            }
            for (int i = 0; i < scale.pairs(); i++) {
                boolean balloonFirst = i % 2 == 0; // neither always comes second
                Window first = measure(balloonFirst ? balloon : other);
                Window second = measure(balloonFirst ? other : balloon);
                Window held = balloonFirst ? first : second;
                Window small = balloonFirst ? second : first;
                ratios.add(held.perSecond / small.perSecond);
                cpuRatios.add(held.perCpuSecond / small.perCpuSecond);
                nativePerSecond.add(small.perSecond);
                log.accept(String.format(
                        Locale.ROOT,
                        "steady, pair %d: held %,.0f records/s, -Xmx %,.0f, ratio %.3f, by CPU %.3f",
                        i + 1,
                        held.perSecond,
                        small.perSecond,
                        held.perSecond / small.perSecond,
                        held.perCpuSecond / small.perCpuSecond));
            }
        }
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("balloon_steady_throughput_ratio_vs_native_xmx", Figures.median(ratios));
        figures.put("balloon_steady_records_per_cpu_second_ratio_vs_native_xmx", Figures.median(cpuRatios));
        figures.put("native_xmx_records_per_second_p50", Figures.median(nativePerSecond));
        figures.put("steady_ratios", ratios);
        figures.put("steady_cpu_ratios", cpuRatios);
        return figures;
    }

    private LoadedCluster start(String name, MemoryCgroup cgroup, boolean held) throws IOException {
        Path own = directory.resolve(name);
        FlinkProcessesBuilder builder =
                scale.sizes(build.holdfast(own)).taskManagers(1).slotsPerTaskManager(PARALLELISM);
        int heapMiB = builder.taskManagerHeapMiB();
        int directMiB = scale.networkMiB() + scale.offHeapMiB();
        TaskManagerStart start = held
                ? new ElasticTaskManager(build.agentJar(), socket, heapMiB + scale.addedHeapMiB(), directMiB)
                        .start(Path.of(System.getProperty("java.home")), cgroup)
                : TaskManagerStart.USUAL.in(cgroup).withFlags(List.of("-Xms256m", "-XX:+UseG1GC"));
        builder.taskManagerStarts(tm -> start.withFlags(List.of(LoadedJob.FLAG)));
        LoadedCluster cluster = LoadedCluster.start(
                builder, own, new LoadedCluster.Work(PARALLELISM, 0, scale.liveMiB() / PARALLELISM, GARBAGE_KIB, 8));
        cluster.pause(true);
        return cluster;
    }

    private Window measure(LoadedCluster cluster) {
        cluster.pause(false);
        LoadedCluster.sleep(SETTLE_MILLIS);
        FlinkProcess taskManager = cluster.processes().taskManager(1);
        long beginNanos = System.nanoTime();
        Duration beginCpu = cpu(taskManager);
        long begin = cluster.counted();
        LoadedCluster.sleep(scale.windowMillis());
        long records = cluster.counted() - begin;
        double cpuSeconds = cpu(taskManager).minus(beginCpu).toNanos() / 1e9;
        double seconds = (System.nanoTime() - beginNanos) / 1e9;
        cluster.pause(true);
        LoadedCluster.sleep(SETTLE_MILLIS / 2);
        return new Window(records / seconds, records / cpuSeconds);
    }

    private static Duration cpu(FlinkProcess process) {
        return ProcessHandle.of(process.pid())
                .flatMap(handle -> handle.info().totalCpuDuration())
                .orElseThrow(() -> new IllegalStateException(process.name() + " is gone." + process.tail(20)));
    }
}
