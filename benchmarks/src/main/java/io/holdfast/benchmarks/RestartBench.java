package io.holdfast.benchmarks;

import io.holdfast.benchmarks.Fault.Kind;
import io.holdfast.benchmarks.Fault.Target;
import io.holdfast.benchmarks.FaultInjector.Strike;
import io.holdfast.benchmarks.job.JobSettings.SinkKind;
import io.holdfast.benchmarks.job.NumbersJob;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What the loss of a task or of a TaskManager costs, on Holdfast and on stock Flink, what Holdfast costs while nothing is
 * lost, and what restarts cost the JobManager of a large job ({@link JobManagerCost}).
 *
 * <p>The same job on both engines with the same timeouts: four sources, four keyed tasks and four sinks on two of three
 * TaskManagers with two slots each, one to spare; 4,000 records a second, a checkpoint a second. First single keyed
 * tasks are made to fail, then TaskManagers are killed with SIGKILL. A gap is the silence of the output of a keyed
 * subtask, as the sinks saw it: from the last record of the lost attempt to the first of the next.
 */
final class RestartBench {

    /** Figures that need no cluster of processes. */
    private static final List<Measurement> MEASUREMENTS = List.of(new JobManagerCost());

    private static final int PARALLELISM = 4;
    private static final int RECORDS_PER_SECOND = 4_000;
    private static final int KEYS = 64;
    private static final int CHECKPOINT_MILLIS = 1_000;
    private static final int LEAD_MILLIS = 6_000;
    private static final int AFTER_TASK_MILLIS = 5_000;
    private static final int AFTER_TASK_MANAGER_MILLIS = 18_000;
    /** There is one to spare; a JVM that starts at once would take the processor that the restart needs. */
    private static final int REPLACEMENT_MILLIS = 8_000;

    private final Installation installation;
    private final boolean quick;
    private final Path directory;
    private final Consumer<String> log;

    RestartBench(Installation installation, boolean quick, Path directory, Consumer<String> log) {
        this.installation = installation;
        this.quick = quick;
        this.directory = directory;
        this.log = log;
    }

    /** What one fault cost. */
    record Cost(Engine engine, Kind kind, List<Long> hitGapsMillis, List<Long> otherGapsMillis, long jobGapMillis) {}

    /** All figures by key, in order: numbers, and lists of what they were computed from. */
    Map<String, Object> run() throws IOException {
        Map<String, Object> figures = new LinkedHashMap<>();
        List<Cost> holdfast = new ArrayList<>();
        faults(Engine.HOLDFAST, holdfast, figures);
        List<Cost> stock = new ArrayList<>();
        faults(Engine.STOCK, stock, new LinkedHashMap<>());
        figures.put("holdfast_task_gap_ms_p50", Figures.median(hit(holdfast, Kind.MAP_FAILURE)));
        figures.put("holdfast_task_gap_ms_max", Figures.max(hit(holdfast, Kind.MAP_FAILURE)));
        figures.put("holdfast_tm_gap_ms_p50", Figures.median(hit(holdfast, Kind.TASKMANAGER_KILL)));
        figures.put("holdfast_tm_gap_ms_max", Figures.max(hit(holdfast, Kind.TASKMANAGER_KILL)));
        figures.put(
                "holdfast_others_gap_ms_max",
                Figures.max(holdfast.stream()
                        .flatMap(cost -> cost.otherGapsMillis.stream())
                        .toList()));
        figures.put("stock_task_gap_ms_p50", Figures.median(hit(stock, Kind.MAP_FAILURE)));
        figures.put("stock_tm_gap_ms_p50", Figures.median(hit(stock, Kind.TASKMANAGER_KILL)));
        figures.put("stock_job_gap_ms_p50", Figures.median(job(stock, Kind.MAP_FAILURE)));
        figures.put("stock_tm_job_gap_ms_p50", Figures.median(job(stock, Kind.TASKMANAGER_KILL)));
        figures.put("holdfast_job_gap_ms_p50", Figures.median(job(holdfast, Kind.MAP_FAILURE)));
        figures.put("holdfast_tm_job_gap_ms_p50", Figures.median(job(holdfast, Kind.TASKMANAGER_KILL)));
        figures.putAll(ThroughputWindows.all(installation, quick, directory.resolve("throughput"), log));
        for (Measurement measurement : MEASUREMENTS) {
            figures.putAll(measurement.measure(installation));
        }
        List<Cost> all = new ArrayList<>(holdfast);
        all.addAll(stock);
        figures.put("fault_runs", all.stream().map(RestartBench::raw).toList());
        return figures;
    }

    private void faults(Engine engine, List<Cost> costs, Map<String, Object> figures) throws IOException {
        Round round = round();
        Path clusterDirectory = directory.resolve(engine.name().toLowerCase(Locale.ROOT));
        log.accept(engine + ": " + round);
        try (Cluster cluster = Cluster.start(engine.cluster(clusterDirectory, installation), PARALLELISM, 1)) {
            Observation seen = new RoundRun(round, cluster, clusterDirectory.resolve("run"), log).run(true);
            RoundResult result = RoundResult.of(round, engine, seen);
            log.accept(result.line());
            result.problems().forEach(problem -> log.accept("PROBLEM: " + problem));
            costs.addAll(costs(engine, seen));
            figures.put(
                    "holdfast_other_attempts_incremented",
                    seen.restartedOthers().size());
            figures.put(
                    "holdfast_global_restarts",
                    Math.max(
                            seen.ledger().fallbacks().size(),
                            seen.unusualStates().size()));
            figures.put(
                    "ledger_minus_oracle_records",
                    seen.ledger().netLost() - result.verdict().netLost());
            figures.put("holdfast_problems", result.problems());
        }
    }

    /** Failures of one keyed task after the other, then losses of the TaskManager that one of them is on. */
    private Round round() {
        List<Fault> faults = new ArrayList<>();
        long atMillis = LEAD_MILLIS;
        for (int i = 0; i < (quick ? 4 : 10); i++) {
            faults.add(new Fault(Kind.MAP_FAILURE, atMillis, List.of(map(i)), 0));
            atMillis += AFTER_TASK_MILLIS;
        }
        for (int i = 0; i < (quick ? 2 : 5); i++) {
            faults.add(new Fault(Kind.TASKMANAGER_KILL, atMillis, List.of(map(i)), REPLACEMENT_MILLIS));
            atMillis += AFTER_TASK_MANAGER_MILLIS;
        }
        return new Round(
                1,
                (int) (atMillis / 1_000) + 25, // for what the faults are late
                PARALLELISM,
                RECORDS_PER_SECOND,
                0,
                KEYS,
                SinkKind.FILE,
                false,
                CHECKPOINT_MILLIS,
                false,
                faults);
    }

    private static Target map(int number) {
        return new Target(NumbersJob.MAP, number % PARALLELISM);
    }

    private static List<Cost> costs(Engine engine, Observation seen) {
        Silence silence = new Silence(seen.output());
        List<Cost> costs = new ArrayList<>();
        for (int i = 0; i < seen.strikes().size(); i++) {
            Strike strike = seen.strikes().get(i);
            long until =
                    i + 1 < seen.strikes().size() ? seen.strikes().get(i + 1).at() : strike.at() + REPLACEMENT_MILLIS;
            List<Long> hit = new ArrayList<>();
            List<Long> others = new ArrayList<>();
            for (int subtask = 0; subtask < PARALLELISM; subtask++) {
                if (strike.hit().contains(map(subtask))) {
                    hit.add(silence.betweenAttempts(subtask, strike.at(), until)
                            .orElse(until - strike.at())); // at least
                } else {
                    others.add(silence.ofMap(subtask, strike.at(), until));
                }
            }
            costs.add(new Cost(engine, strike.fault().kind(), hit, others, silence.ofAll(strike.at(), until)));
        }
        return costs;
    }

    private static List<Long> hit(List<Cost> costs, Kind kind) {
        return costs.stream()
                .filter(cost -> cost.kind == kind)
                .flatMap(cost -> cost.hitGapsMillis.stream())
                .toList();
    }

    private static List<Long> job(List<Cost> costs, Kind kind) {
        return costs.stream()
                .filter(cost -> cost.kind == kind)
                .map(Cost::jobGapMillis)
                .toList();
    }

    private static Map<String, Object> raw(Cost cost) {
        Map<String, Object> raw = new LinkedHashMap<>();
        raw.put("engine", cost.engine.name().toLowerCase(Locale.ROOT));
        raw.put("fault", cost.kind.label());
        raw.put("hit_gaps_ms", cost.hitGapsMillis);
        raw.put("other_gaps_ms", cost.otherGapsMillis);
        raw.put("job_gap_ms", cost.jobGapMillis);
        return raw;
    }
}
