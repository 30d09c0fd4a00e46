package io.holdfast.benchmarks;

import io.holdfast.benchmarks.AutoPartitionFigures.Load;
import io.holdfast.benchmarks.ServingJobs.Outcome;
import io.holdfast.benchmarks.autopartition.Scenario;
import io.holdfast.benchmarks.autopartition.Window;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How many records unequal receivers serve, and how long records wait, by who says which receiver gets a record: stock
 * Flink's rebalance, its adaptive partitioner, or Holdfast's auto-partition.
 *
 * <p>Four producers and eight or ten receivers on five TaskManagers. A receiver sleeps while it serves, as if it waited
 * for an answer, so the processors are not the limit: what all receivers can do alone is the bound. The jobs of all
 * variants run at the same time, on a cluster of each engine, and get windows of load in turn: first each one of as much
 * as goes through, then each one of {@value #OFFERED_PERCENT} % of the bound at a constant rate, where a record's latency
 * counts from when it was due: what a producer could not send in time is late too.
 */
final class AutoPartitionBench {

    static final int OFFERED_PERCENT = 75;

    private static final int TASK_MANAGERS = 5;
    /** Every job on a cluster gets two of each TaskManager. */
    private static final int SLOTS = 6;

    private static final int WARM_UP_MILLIS = 4_000;
    private static final int DRAIN_SETTLE_MILLIS = 2_000;
    private static final int DRAIN_MILLIS = 5_000;
    private static final long SEED = 20_261_101;

    private final Installation installation;
    private final Path directory;
    private final Consumer<String> log;
    private final boolean quick;

    AutoPartitionBench(Installation installation, boolean quick, Path directory, Consumer<String> log) {
        this.installation = installation;
        this.quick = quick;
        this.directory = directory;
        this.log = log;
    }

    /**
     * How long a scenario's windows are.
     *
     * @param fillMillis until the slowest receiver's buffers are full, on both sides, when producers send all they can
     */
    private record Lengths(int fillMillis, int saturatedMillis, int settleMillis, int openMillis) {

        static Lengths of(Scenario scenario, boolean quick) {
            if (scenario.stalls()) { // p99 depends on how many stalls there are: four or more
                return new Lengths(3_000, 10_000, 3_000, 18_000);
            }
            return quick ? new Lengths(3_500, 3_000, 2_000, 4_000) : new Lengths(4_500, 6_000, 3_000, 8_000);
        }
    }

    /** All figures by key, in order; those of variants that there are not are NaN. */
    Map<String, Object> run() throws IOException {
        AutoPartitionFigures figures = new AutoPartitionFigures();
        Map<String, Object> drained = new LinkedHashMap<>();
        List<Variant> variants = Variant.of(installation.flinkMinor());
        Map<Engine, Cluster> clusters = new EnumMap<>(Engine.class);
        try {
            for (Engine engine : Engine.values()) {
                Path own = directory.resolve(engine.name().toLowerCase(Locale.ROOT));
                clusters.put(engine, Cluster.startWith(engine.cluster(own, installation), TASK_MANAGERS, SLOTS));
            }
            warmUp(variants, clusters);
            for (Scenario scenario : Scenario.ALL) {
                try (ServingJobs jobs = new ServingJobs(scenario, variants, clusters, directory)) {
                    rounds(scenario, jobs, variants, figures);
                }
                figures.table(scenario, variants).forEach(log);
            }
            drained.putAll(drain(clusters));
        } finally {
            clusters.values().forEach(Cluster::close);
        }
        Map<String, Object> all = new LinkedHashMap<>(figures.keys());
        all.putAll(drained);
        all.putAll(new DecisionCost(quick).measure(installation));
        all.put("windows", figures.windows());
        return all;
    }

    /** The first window would find JVMs that have compiled nothing yet. */
    private void warmUp(List<Variant> variants, Map<Engine, Cluster> clusters) throws IOException {
        try (ServingJobs jobs = new ServingJobs(Scenario.UNIFORM, variants, clusters, directory.resolve("warm-up"))) {
            for (Variant variant : variants) {
                jobs.measure(variant, Window.SATURATED, 0, WARM_UP_MILLIS, SEED);
            }
        }
    }

    /** How long a TaskManager without weight still gets records, of the algorithm that Holdfast takes unless told otherwise. */
    private Map<String, Object> drain(Map<Engine, Cluster> clusters) throws IOException {
        List<Variant> variants = List.of(Variant.SHORTEST_EXPECTED_DELAY);
        Map<Engine, Cluster> cluster = Map.of(Engine.HOLDFAST, clusters.get(Engine.HOLDFAST));
        List<Double> millis = new ArrayList<>();
        try (ServingJobs jobs = new ServingJobs(Scenario.UNIFORM, variants, cluster, directory.resolve("drain"))) {
            for (int receiver = 0; receiver < (quick ? 5 : Scenario.UNIFORM.receivers()); receiver++) {
                double one = jobs.drain(variants.get(0), receiver, DRAIN_SETTLE_MILLIS, DRAIN_MILLIS);
                millis.add(one);
                log.accept(String.format(Locale.ROOT, "drain, receiver %d: %,.1f ms", receiver, one));
            }
        }
        return Map.of("drain_ms", Figures.median(millis), "drain_ms_max", Figures.max(millis));
    }

    private void rounds(Scenario scenario, ServingJobs jobs, List<Variant> variants, AutoPartitionFigures figures)
            throws IOException {
        Lengths lengths = Lengths.of(scenario, quick);
        int rounds = quick ? 1 : 2;
        double offered = scenario.boundPerSecond() * OFFERED_PERCENT / 100;
        for (int round = 1; round <= rounds; round++) {
            List<Variant> order = new ArrayList<>(variants);
            Collections.rotate(order, 1 - round); // nobody always comes last, and nobody twice within three windows
            long seed = SEED + round; // the same stalls for all
            for (Variant variant : order) {
                Outcome seen =
                        jobs.measure(variant, Window.SATURATED, lengths.fillMillis, lengths.saturatedMillis, seed);
                figures.add(scenario, variant, Load.SATURATED, seen);
                log.accept(String.format(
                        Locale.ROOT,
                        "%s, round %d of %d, %s: %,.0f records/s, %.3f of the bound",
                        scenario.name(),
                        round,
                        rounds,
                        variant.label(),
                        seen.perSecond(),
                        seen.perSecond() / seen.boundPerSecond()));
            }
            for (Variant variant : order) {
                Outcome seen = jobs.measure(variant, offered, lengths.settleMillis, lengths.openMillis, seed);
                figures.add(scenario, variant, Load.OPEN, seen);
                log.accept(String.format(
                        Locale.ROOT,
                        "%s, round %d of %d, %s: offered %,.0f records/s, served %,.0f, p50 %.1f ms, p99 %.1f ms",
                        scenario.name(),
                        round,
                        rounds,
                        variant.label(),
                        offered,
                        seen.perSecond(),
                        seen.result().percentileMillis(50),
                        seen.result().percentileMillis(99)));
            }
        }
    }
}
