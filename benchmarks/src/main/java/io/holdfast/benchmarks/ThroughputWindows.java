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
 * alike.
 */
final class ThroughputWindows {

    private static final int PARALLELISM = 4;
    private static final int KEYS = 1_024;
    private static final int CHECKPOINT_MILLIS = 1_000;
    private static final int SETTLE_MILLIS = 1_000;

    private final Installation installation;
    private final Path directory;
    private final Consumer<String> log;
    private final int pairs;
    private final int warmUpMillis;
    private final int windowMillis;

    ThroughputWindows(Installation installation, boolean quick, Path directory, Consumer<String> log) {
        this.installation = installation;
        this.directory = directory;
        this.log = log;
        this.pairs = quick ? 6 : 16;
        this.warmUpMillis = quick ? 8_000 : 20_000;
        this.windowMillis = quick ? 3_000 : 5_000;
    }

    /** What went through in one window, by the clock and by the processor time of the TaskManagers. */
    private record Window(double perSecond, double perCpuSecond) {}

    /** A cluster with its job, whose sources are silent. */
    private record Side(Cluster cluster, RunDirectory run) implements AutoCloseable {

        Window measure(int settleMillis, int windowMillis) throws IOException {
            run.pause(false);
            Cluster.sleep(settleMillis);
            long beginNanos = System.nanoTime();
            long beginCpuNanos = cluster.taskManagerCpuNanos();
            long begin = ArrivalFiles.counted(run);
            Cluster.sleep(windowMillis);
            long records = ArrivalFiles.counted(run) - begin;
            long cpuNanos = cluster.taskManagerCpuNanos() - beginCpuNanos;
            long nanos = System.nanoTime() - beginNanos;
            run.pause(true);
            Cluster.sleep(settleMillis / 2);
            return new Window(records * 1e9 / nanos, records * 1e9 / cpuNanos);
        }

        @Override
        public void close() {
            cluster.close();
        }
    }

    Map<String, Object> run() throws IOException {
        List<Window> stocks = new ArrayList<>();
        List<Window> holdfasts = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        List<Double> cpuRatios = new ArrayList<>();
        try (Side stock = start(Engine.STOCK);
                Side holdfast = start(Engine.HOLDFAST)) {
            stock.measure(0, warmUpMillis);
            holdfast.measure(0, warmUpMillis);
            for (int i = 0; i < pairs; i++) {
                Window first = (i % 2 == 0 ? stock : holdfast).measure(SETTLE_MILLIS, windowMillis);
                Window second = (i % 2 == 0 ? holdfast : stock).measure(SETTLE_MILLIS, windowMillis);
                Window ofStock = i % 2 == 0 ? first : second; // neither always comes second
                Window ofHoldfast = i % 2 == 0 ? second : first;
                stocks.add(ofStock);
                holdfasts.add(ofHoldfast);
                ratios.add(ofHoldfast.perSecond / ofStock.perSecond);
                cpuRatios.add(ofHoldfast.perCpuSecond / ofStock.perCpuSecond);
                log.accept(String.format(
                        Locale.ROOT,
                        "throughput %d of %d: stock %,.0f records/s, Holdfast %,.0f, ratio %.3f, by CPU %.3f",
                        i + 1,
                        pairs,
                        ofStock.perSecond,
                        ofHoldfast.perSecond,
                        ratios.get(i),
                        cpuRatios.get(i)));
            }
        }
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("steady_throughput_ratio_vs_stock", Figures.median(ratios));
        figures.put("steady_records_per_cpu_second_ratio_vs_stock", Figures.median(cpuRatios));
        figures.put(
                "stock_records_per_second_p50",
                Figures.median(stocks.stream().map(Window::perSecond).toList()));
        figures.put(
                "holdfast_records_per_second_p50",
                Figures.median(holdfasts.stream().map(Window::perSecond).toList()));
        figures.put("throughput_ratios", ratios);
        figures.put("cpu_ratios", cpuRatios);
        return figures;
    }

    private Side start(Engine engine) throws IOException {
        log.accept("throughput: starting " + engine);
        Path own = directory.resolve(engine.name().toLowerCase(Locale.ROOT));
        RunDirectory run = new RunDirectory(own.resolve("run"));
        run.create();
        run.pause(true);
        Cluster cluster = Cluster.start(engine.cluster(own, installation), PARALLELISM, 0);
        try {
            JobSettings settings = new JobSettings(
                    run.path(), PARALLELISM, 0, Long.MAX_VALUE, 0, KEYS, SinkKind.FILE, false, CHECKPOINT_MILLIS);
            cluster.awaitRunning(cluster.submit(ThroughputJob.class, settings));
            return new Side(cluster, run);
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }
}
