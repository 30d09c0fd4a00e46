package io.holdfast.benchmarks.resize;

import io.holdfast.benchmarks.Figures;
import io.holdfast.benchmarks.job.LoadedJob;
import io.holdfast.testing.FlinkProcess;
import io.holdfast.testing.FlinkProcessesBuilder;
import io.holdfast.testing.MemoryCgroup;
import io.holdfast.testing.TaskManagerStart;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The same load on stock Flink with the larger limit, whose limit is then lowered: at once, or after all that a stock JVM
 * can be told by {@code jcmd} to make it give memory back.
 */
final class Trials {

    /** After a smaller limit was taken: time for the heap to grow again. */
    private static final int DWELL_MILLIS = 10_000;

    private static final long MIB = 1L << 20;

    private final Scale scale;
    private final Build build;
    private final Path directory;
    private final Consumer<String> log;

    Trials(Scale scale, Build build, Path directory, Consumer<String> log) {
        this.scale = scale;
        this.build = build;
        this.directory = directory;
        this.log = log;
    }

    /** What is done before the limit is lowered. */
    enum Way {
        /** Nothing, to a JVM as Flink starts it, with all of its heap from the beginning. */
        STOCK,
        /** Heap free ratios, two full collections and a trim, to a JVM whose heap may begin small. */
        GC_ONLY;

        String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private record Trial(boolean refused, boolean killed, double millis, long usageBytes, long usageThenBytes) {}

    Map<String, Object> run(Way way) throws IOException {
        List<Trial> trials = new ArrayList<>();
        try (MemoryCgroup cgroup = MemoryCgroup.create(way.key(), scale.largeBytes());
                LoadedCluster cluster = start(way, cgroup)) {
            for (int number = 1; number <= scale.trials(); number++) {
                Trial trial = trial(way, cgroup, cluster);
                trials.add(trial);
                log.accept(String.format(
                        Locale.ROOT,
                        "%s %d: %d MiB in use, %d MiB after %.0f ms, limit %s",
                        way.key(),
                        number,
                        trial.usageBytes / MIB,
                        trial.usageThenBytes / MIB,
                        trial.millis,
                        trial.refused ? "refused" : trial.killed ? "taken, and then killed" : "taken"));
            }
        }
        Map<String, Object> figures = new LinkedHashMap<>();
        String key = way.key();
        long refused = trials.stream().filter(Trial::refused).count();
        long killed = trials.stream().filter(Trial::killed).count();
        figures.put(key + "_refused_ratio", Figures.ratio(refused, trials.size()));
        figures.put(key + "_oom_kills", killed);
        figures.put(key + "_failed_ratio", Figures.ratio(refused + killed, trials.size()));
        figures.put(
                key + "_usage_before_limit_mib_p50",
                Figures.median(
                        trials.stream().map(trial -> trial.usageThenBytes / MIB).toList()));
        figures.put(key + "_trials", trials.stream().map(Trials::raw).toList());
        return figures;
    }

    private static Map<String, Object> raw(Trial trial) {
        Map<String, Object> raw = new LinkedHashMap<>();
        raw.put("usage_mib", trial.usageBytes / MIB);
        raw.put("usage_before_limit_mib", trial.usageThenBytes / MIB);
        raw.put("took_ms", trial.millis);
        raw.put("refused", trial.refused);
        raw.put("killed", trial.killed);
        return raw;
    }

    private LoadedCluster start(Way way, MemoryCgroup cgroup) throws IOException {
        FlinkProcessesBuilder builder = scale.sizes(build.stock(directory.resolve(way.key())));
        int heapMiB = builder.taskManagerHeapMiB() + scale.addedHeapMiB();
        List<String> flags = List.of(
                way == Way.STOCK ? "-Xms" + heapMiB + "m" : "-Xms256m",
                "-Xmx" + heapMiB + "m",
                "-XX:+UseG1GC",
                LoadedJob.FLAG);
        builder.taskManagerStarts(name -> name.equals("tm-2")
                ? TaskManagerStart.USUAL
                : TaskManagerStart.USUAL.in(cgroup).withFlags(flags));
        return LoadedCluster.start(builder, directory.resolve(way.key()), scale.work());
    }

    private Trial trial(Way way, MemoryCgroup cgroup, LoadedCluster cluster) {
        cluster.live(scale.peakMiB());
        cluster.awaitLive();
        cluster.live(scale.liveMiB());
        cluster.awaitLive();
        long usage = cgroup.usageBytes();
        long beginNanos = System.nanoTime();
        if (way == Way.GC_ONLY) {
            collect(cluster.loaded());
        }
        double millis = (System.nanoTime() - beginNanos) / 1e6;
        long usageThen = cgroup.usageBytes();
        LoadedCluster.sleep(Scale.UNTIL_LIMIT_MILLIS);
        boolean refused = !cgroup.limit(scale.smallBytes());
        long killsBefore = cgroup.oomKills();
        if (!refused) {
            LoadedCluster.became(Duration.ofMillis(DWELL_MILLIS), () -> cgroup.oomKills() > killsBefore);
        }
        boolean killed = cgroup.oomKills() > killsBefore;
        if (!cgroup.limit(scale.largeBytes())) {
            throw new IllegalStateException("The kernel refuses a larger limit.");
        }
        if (killed) {
            cluster.processes().startTaskManager();
            cluster.awaitRunning();
        }
        return new Trial(refused, killed, millis, usage, usageThen);
    }

    private static void collect(FlinkProcess process) {
        for (List<String> command : List.of(
                List.of("VM.set_flag", "MinHeapFreeRatio", "0"),
                List.of("VM.set_flag", "MaxHeapFreeRatio", "10"),
                List.of("GC.run"),
                List.of("GC.run"),
                List.of("System.trim_native_heap"))) {
            jcmd(process.pid(), command);
        }
    }

    private static void jcmd(long pid, List<String> command) {
        List<String> line = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid)));
        line.addAll(command);
        try {
            Process jcmd = new ProcessBuilder(line).redirectErrorStream(true).start();
            String output = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!jcmd.waitFor(60, TimeUnit.SECONDS) || jcmd.exitValue() != 0) {
                throw new IllegalStateException("%s failed: %s".formatted(String.join(" ", line), output));
            }
        } catch (IOException e) {
            throw new IllegalStateException("Not started: " + String.join(" ", line), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted.", e);
        }
    }
}
