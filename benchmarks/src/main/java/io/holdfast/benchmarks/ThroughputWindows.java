package io.holdfast.benchmarks;

import io.holdfast.benchmarks.job.ArrivalFiles;
import io.holdfast.benchmarks.job.JobSettings;
import io.holdfast.benchmarks.job.JobSettings.SinkKind;
import io.holdfast.benchmarks.job.RunDirectory;
import io.holdfast.benchmarks.job.ThroughputJob;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How many records a saturated job takes through, with Holdfast and without. Both clusters run all the time, and in
 * turn the sources of one are silent while the other's are counted, so that what else the machine does falls on both
 * alike. Then both are started anew: what a JVM's compiler makes of the same code differs from one process to the next by
 * more than what is measured.
 */
final class ThroughputWindows {

    /** What a record holds besides key and number: with it a record has 100 bytes, as a bid in Nexmark. */
    private static final int USUAL_PAYLOAD = 84;

    private static final int PARALLELISM = 4;
    private static final int KEYS = 1_024;
    private static final int CHECKPOINT_MILLIS = 1_000;
    private static final int SETTLE_MILLIS = 1_000;
    private static final int WARM_UP_MILLIS = 2_000;

    private final Installation installation;
    private final Path directory;
    private final Consumer<String> log;
    private final int payloadBytes;
    private final int rounds;
    private final int pairs;
    private final int warmUps;
    private final int windowMillis;

    private ThroughputWindows(
            Installation installation, boolean quick, int payloadBytes, Path directory, Consumer<String> log) {
        this.installation = installation;
        this.directory = directory;
        this.log = log;
        this.payloadBytes = payloadBytes;
        this.rounds = quick || payloadBytes < USUAL_PAYLOAD ? 1 : 3;
        this.pairs = 4;
        this.warmUps = quick ? 10 : 15;
        this.windowMillis = quick ? 3_000 : 5_000;
    }

    /** What went through in one window, by the clock and by the processor time of the TaskManagers. */
    private record Window(double perSecond, double perCpuSecond) {}

    /** A window of stock Flink and one of Holdfast, one right after the other. */
    private record Pair(Window stock, Window holdfast) {

        double ratio() {
            return holdfast.perSecond / stock.perSecond;
        }

        double cpuRatio() {
            return holdfast.perCpuSecond / stock.perCpuSecond;
        }
    }

    /** A cluster with its job, whose sources are silent. */
    private record Side(Cluster cluster, RunDirectory run) implements AutoCloseable {

        /** With silence after it: tasks that take every processor leave their JVM's compilers next to none. */
        void warmUp() throws IOException {
            run.pause(false);
            Cluster.sleep(WARM_UP_MILLIS);
            run.pause(true);
            Cluster.sleep(WARM_UP_MILLIS);
        }

        Window measure(int windowMillis) throws IOException {
            run.pause(false);
            Cluster.sleep(SETTLE_MILLIS);
            long beginNanos = System.nanoTime();
            long beginCpuNanos = cluster.taskManagerCpuNanos();
            long begin = ArrivalFiles.counted(run);
            Cluster.sleep(windowMillis);
            long records = ArrivalFiles.counted(run) - begin;
            long cpuNanos = cluster.taskManagerCpuNanos() - beginCpuNanos;
            long nanos = System.nanoTime() - beginNanos;
            run.pause(true);
            Cluster.sleep(SETTLE_MILLIS / 2);
            return new Window(records * 1e9 / nanos, records * 1e9 / cpuNanos);
        }

        @Override
        public void close() {
            cluster.close();
        }
    }

    /** Figures by key, for records of the usual size and for the smallest, whose keys end in {@code _tiny_records}. */
    static Map<String, Object> all(Installation installation, boolean quick, Path directory, Consumer<String> log)
            throws IOException {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.putAll(new ThroughputWindows(installation, quick, USUAL_PAYLOAD, directory, log).run(""));
        figures.putAll(new ThroughputWindows(installation, quick, 0, directory, log).run("_tiny_records"));
        return figures;
    }

    private Map<String, Object> run(String suffix) throws IOException {
        List<Pair> all = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        List<Double> cpuRatios = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            List<Pair> seen = round(round);
            all.addAll(seen);
            ratios.add(Figures.median(seen.stream().map(Pair::ratio).toList()));
            cpuRatios.add(Figures.median(seen.stream().map(Pair::cpuRatio).toList()));
        }
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("steady_throughput_ratio_vs_stock" + suffix, Figures.median(ratios));
        figures.put("steady_records_per_cpu_second_ratio_vs_stock" + suffix, Figures.median(cpuRatios));
        figures.put(
                "stock_records_per_second_p50" + suffix,
                Figures.median(all.stream().map(pair -> pair.stock.perSecond).toList()));
        figures.put(
                "holdfast_records_per_second_p50" + suffix,
                Figures.median(all.stream().map(pair -> pair.holdfast.perSecond).toList()));
        figures.put("throughput_ratios" + suffix, all.stream().map(Pair::ratio).toList());
        figures.put("cpu_ratios" + suffix, all.stream().map(Pair::cpuRatio).toList());
        return figures;
    }

    private List<Pair> round(int round) throws IOException {
        List<Pair> seen = new ArrayList<>();
        try (Side stock = start(Engine.STOCK, round);
                Side holdfast = start(Engine.HOLDFAST, round)) {
            for (int i = 0; i < warmUps; i++) {
                stock.warmUp();
                holdfast.warmUp();
            }
            for (int i = 0; i < pairs; i++) {
                boolean stockFirst = (round + i) % 2 == 0; // neither always comes second
                Window first = (stockFirst ? stock : holdfast).measure(windowMillis);
                Window second = (stockFirst ? holdfast : stock).measure(windowMillis);
                Pair pair = stockFirst ? new Pair(first, second) : new Pair(second, first);
                seen.add(pair);
                log.accept(String.format(
                        Locale.ROOT,
                        "throughput, records of %d bytes, round %d of %d: stock %,.0f records/s, Holdfast %,.0f,"
                                + " ratio %.3f, by CPU %.3f",
                        payloadBytes + ThroughputJob.BARE_BYTES,
                        round,
                        rounds,
                        pair.stock.perSecond,
                        pair.holdfast.perSecond,
                        pair.ratio(),
                        pair.cpuRatio()));
            }
        }
        return seen;
    }

    private Side start(Engine engine, int round) throws IOException {
        Path own = directory.resolve(engine.name().toLowerCase(Locale.ROOT) + "-" + payloadBytes + "-" + round);
        RunDirectory run = new RunDirectory(own.resolve("run"));
        run.create();
        run.pause(true);
        Cluster cluster = Cluster.start(engine.cluster(own, installation), PARALLELISM, 0);
        try {
            JobSettings settings = new JobSettings(
                    run.path(),
                    PARALLELISM,
                    0,
                    Long.MAX_VALUE,
                    payloadBytes,
                    KEYS,
                    SinkKind.FILE,
                    false,
                    CHECKPOINT_MILLIS,
                    false);
            cluster.awaitRunning(cluster.submit(ThroughputJob.class, settings));
            return new Side(cluster, run);
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }
}
