package io.holdfast.benchmarks;

import io.holdfast.benchmarks.autopartition.Scenario;
import io.holdfast.benchmarks.autopartition.ServingJob;
import io.holdfast.benchmarks.autopartition.ServingRun;
import io.holdfast.benchmarks.autopartition.Window;
import io.holdfast.benchmarks.autopartition.WindowFile;
import io.holdfast.benchmarks.autopartition.WindowResult;
import io.holdfast.testing.FlinkRest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The jobs of one scenario, one per variant; all run, and all but one are silent. */
final class ServingJobs implements AutoCloseable {

    /** Subtasks that send; they know nothing of each other. */
    private static final int PRODUCERS = 4;

    private static final int PAYLOAD_BYTES = 1_000;
    private static final Duration END_TIMEOUT = Duration.ofSeconds(30);
    private static final int LEAD_MILLIS = 200;

    /** A job that runs. */
    private record Job(Cluster cluster, String id, ServingRun run, WindowFile window) {}

    private final Scenario scenario;
    private final Map<Variant, Job> jobs = new EnumMap<>(Variant.class);
    private long windows;

    ServingJobs(Scenario scenario, List<Variant> variants, Map<Engine, Cluster> clusters, Path directory)
            throws IOException {
        this.scenario = scenario;
        for (Map.Entry<Engine, Cluster> entry : clusters.entrySet()) {
            Cluster cluster = entry.getValue();
            List<Variant> here = variants.stream()
                    .filter(variant -> variant.engine() == entry.getKey())
                    .toList();
            List<ServingRun> runs = new ArrayList<>();
            for (Variant variant : here) {
                ServingRun run = new ServingRun(directory.resolve(scenario.name() + "-" + variant.key()));
                run.create(new ServingRun.Settings(
                        scenario, PRODUCERS, PAYLOAD_BYTES, variant.options(scenario.receivers())));
                runs.add(run);
            }
            List<String> ids = cluster.submit(
                    ServingJob.class,
                    runs.stream().map(run -> run.path().toString()).toList());
            for (int i = 0; i < ids.size(); i++) {
                cluster.awaitRunning(ids.get(i));
                jobs.put(
                        here.get(i),
                        new Job(cluster, ids.get(i), runs.get(i), runs.get(i).window()));
            }
        }
    }

    /** What all receivers of one window served, beside what they could serve. */
    record Outcome(double perSecond, double boundPerSecond, WindowResult result) {}

    /**
     * Gives one job a window of load. What is left in its queues is served afterwards, within 20 s: it must not get
     * another window sooner.
     *
     * @param recordsPerSecond that are offered, or {@link Window#SATURATED}
     */
    Outcome measure(Variant variant, double recordsPerSecond, int settleMillis, int measureMillis, long seed)
            throws IOException {
        Window window = window(recordsPerSecond, settleMillis, measureMillis, seed);
        Job job = jobs.get(variant);
        job.window.open(window);
        Cluster.sleep(LEAD_MILLIS + settleMillis + measureMillis);
        WindowResult all = new WindowResult();
        close(job, window).forEach(all::add);
        double seconds = window.measuredNanos() / 1e9;
        return new Outcome(all.records() / seconds, scenario.boundPerSecond(window), all);
    }

    /**
     * Sets the weight of a receiver's TaskManager to 0 while producers send all they can, and to 1 when all is over.
     *
     * @param settleMillis until then
     * @param drainMillis longer than receivers take for what was on its way
     * @return milliseconds from the request until the last record was sent to a receiver there; 0 if none was sent after it
     */
    double drain(Variant variant, int receiver, int settleMillis, int drainMillis) throws IOException {
        Window window = window(Window.SATURATED, settleMillis, drainMillis, 0);
        Job job = jobs.get(variant);
        FlinkRest rest = job.cluster.rest();
        String receivers = rest.job(job.id).vertices().stream()
                .filter(vertex -> vertex.name().startsWith(ServingJob.RECEIVERS))
                .findFirst()
                .orElseThrow()
                .id();
        List<String> taskManagers = rest.subtasks(job.id, receivers).stream()
                .map(FlinkRest.Subtask::taskManagerId)
                .toList();
        String drained = taskManagers.get(receiver);
        String weight = "/holdfast/jobs/%s/taskmanagers/%s/weight".formatted(job.id, drained);
        job.window.open(window);
        Cluster.sleep(LEAD_MILLIS + settleMillis);
        long begin = System.nanoTime();
        rest.put(weight, "{\"weight\": 0}");
        Cluster.sleep(drainMillis);
        List<WindowResult> results = close(job, window);
        rest.put(weight, "{\"weight\": 1}");
        long last = IntStream.range(0, results.size())
                .filter(index -> taskManagers.get(index).equals(drained))
                .mapToLong(index -> results.get(index).lastDueNanos())
                .max()
                .orElseThrow();
        return Math.max(0, last - begin) / 1e6;
    }

    private Window window(double recordsPerSecond, int settleMillis, int measureMillis, long seed) {
        long origin = System.nanoTime() + Duration.ofMillis(LEAD_MILLIS).toNanos();
        long from = origin + Duration.ofMillis(settleMillis).toNanos();
        long until = from + Duration.ofMillis(measureMillis).toNanos();
        return new Window(++windows, origin, from, until, recordsPerSecond, seed);
    }

    /** What each receiver has to say of a window that is over. */
    private List<WindowResult> close(Job job, Window window) throws IOException {
        job.window.close();
        List<Path> files = IntStream.range(0, scenario.receivers())
                .mapToObj(receiver -> job.run.result(window.number(), receiver))
                .toList();
        Cluster.await(
                "the results of all receivers",
                END_TIMEOUT,
                () -> files.stream().allMatch(Files::exists));
        List<WindowResult> results = new ArrayList<>();
        for (Path file : files) {
            results.add(WindowResult.read(file));
        }
        return results;
    }

    /** Ends all jobs and waits until their slots are free. */
    @Override
    public void close() {
        jobs.values().forEach(job -> job.cluster.rest().cancel(job.id));
        jobs.values()
                .forEach(job -> Cluster.await(
                        "the job's end",
                        END_TIMEOUT,
                        () -> List.of("CANCELED", "FAILED")
                                .contains(job.cluster.rest().job(job.id).state())));
    }
}
