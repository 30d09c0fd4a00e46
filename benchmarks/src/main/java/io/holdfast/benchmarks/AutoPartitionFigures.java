package io.holdfast.benchmarks;

import io.holdfast.benchmarks.ServingJobs.Outcome;
import io.holdfast.benchmarks.autopartition.Scenario;
import io.holdfast.benchmarks.autopartition.WindowResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Puts together what the windows of {@link AutoPartitionBench} gave. Ratios are Holdfast's figure divided by the other's:
 * more is better for throughput, less for latency. Against the adaptive partitioner, it is the better of its two
 * variants in that scenario. Keys without a suffix are for the algorithm that Holdfast takes unless told otherwise.
 */
final class AutoPartitionFigures {

    /** What a window asks for. */
    enum Load {
        /** As many records as go through. */
        SATURATED,
        /** A constant rate. */
        OPEN
    }

    private static final String TWO_CHOICES = "_power_of_two_choices";
    private static final double LATE_MILLIS = 500;
    private static final List<Double> PERCENTILES = List.of(50.0, 99.0, 99.9);

    private record Measured(Scenario scenario, Variant variant, Load load, Outcome outcome) {}

    private final List<Measured> all = new ArrayList<>();

    void add(Scenario scenario, Variant variant, Load load, Outcome outcome) {
        all.add(new Measured(scenario, variant, load, outcome));
    }

    /** Figures by key, in order; NaN where a variant was not measured. */
    Map<String, Double> keys() {
        Map<String, Double> figures = new LinkedHashMap<>();
        keys(figures, Variant.SHORTEST_EXPECTED_DELAY, "");
        keys(figures, Variant.POWER_OF_TWO_CHOICES, TWO_CHOICES);
        return figures;
    }

    private void keys(Map<String, Double> figures, Variant holdfast, String suffix) {
        for (Scenario scenario : Scenario.ALL) {
            String name = scenario.name();
            double perSecond = perSecond(scenario, holdfast);
            figures.put(
                    name + "_throughput_ratio_vs_rebalance" + suffix,
                    perSecond / perSecond(scenario, Variant.REBALANCE));
            figures.put(
                    name + "_throughput_ratio_vs_adaptive" + suffix,
                    perSecond
                            / highest(
                                    perSecond(scenario, Variant.ADAPTIVE_4),
                                    perSecond(scenario, Variant.ADAPTIVE_ALL)));
            figures.put(
                    name + "_fraction_of_bound" + suffix,
                    median(scenario, holdfast, outcome -> outcome.perSecond() / outcome.boundPerSecond()));
            for (double percentile : PERCENTILES.subList(1, PERCENTILES.size())) {
                String key = name + "_p" + digits(percentile) + "_latency_ratio_vs_";
                double millis = millis(scenario, holdfast, percentile);
                figures.put(
                        key + "adaptive" + suffix,
                        millis
                                / -highest(
                                        -millis(scenario, Variant.ADAPTIVE_4, percentile),
                                        -millis(scenario, Variant.ADAPTIVE_ALL, percentile)));
                figures.put(key + "rebalance" + suffix, millis / millis(scenario, Variant.REBALANCE, percentile));
            }
            double late =
                    -highest(-lateShare(scenario, Variant.ADAPTIVE_4), -lateShare(scenario, Variant.ADAPTIVE_ALL));
            figures.put(
                    name + "_late_ratio_vs_adaptive" + suffix,
                    late > 0 ? lateShare(scenario, holdfast) / late : Double.NaN);
        }
    }

    /** What was measured, per scenario and variant. */
    List<Map<String, Object>> windows() {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Scenario scenario : Scenario.ALL) {
            for (Variant variant : Variant.values()) {
                if (latencies(scenario, variant).records() > 0) {
                    rows.add(row(scenario, variant));
                }
            }
        }
        return rows;
    }

    private Map<String, Object> row(Scenario scenario, Variant variant) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("scenario", scenario.name());
        row.put("variant", variant.key());
        row.put("records_per_second", perSecond(scenario, variant));
        row.put("bound_per_second", median(scenario, variant, Outcome::boundPerSecond));
        row.put(
                "records_per_second_of_each_window",
                outcomes(scenario, variant, Load.SATURATED).stream()
                        .map(Outcome::perSecond)
                        .toList());
        row.put("offered_per_second", scenario.boundPerSecond() * AutoPartitionBench.OFFERED_PERCENT / 100);
        row.put(
                "served_of_offered_per_second",
                Figures.median(outcomes(scenario, variant, Load.OPEN).stream()
                        .map(Outcome::perSecond)
                        .toList()));
        for (double percentile : PERCENTILES) {
            row.put("p" + digits(percentile) + "_ms", millis(scenario, variant, percentile));
            row.put(
                    "p" + digits(percentile) + "_ms_of_each_window",
                    outcomes(scenario, variant, Load.OPEN).stream()
                            .map(outcome -> outcome.result().percentileMillis(percentile))
                            .toList());
        }
        row.put("late_share", lateShare(scenario, variant));
        return row;
    }

    /** Lines for people. */
    List<String> table(Scenario scenario, List<Variant> variants) {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "%-10s %-30s %12s %9s %12s %10s %10s %10s",
                "scenario",
                "variant",
                "records/s",
                "of bound",
                "of offered",
                "p50 ms",
                "p99 ms",
                "p99.9 ms"));
        double offered = scenario.boundPerSecond() * AutoPartitionBench.OFFERED_PERCENT / 100;
        for (Variant variant : variants) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%-10s %-30s %,12.0f %9.3f %12.3f %,10.1f %,10.1f %,10.1f",
                    scenario.name(),
                    variant.label(),
                    perSecond(scenario, variant),
                    median(scenario, variant, outcome -> outcome.perSecond() / outcome.boundPerSecond()),
                    Figures.median(outcomes(scenario, variant, Load.OPEN).stream()
                                    .map(Outcome::perSecond)
                                    .toList())
                            / offered,
                    millis(scenario, variant, 50),
                    millis(scenario, variant, 99),
                    millis(scenario, variant, 99.9)));
        }
        return lines;
    }

    private double perSecond(Scenario scenario, Variant variant) {
        return median(scenario, variant, Outcome::perSecond);
    }

    private double median(Scenario scenario, Variant variant, ToDoubleFunction<Outcome> figure) {
        return Figures.median(outcomes(scenario, variant, Load.SATURATED).stream()
                .map(figure::applyAsDouble)
                .toList());
    }

    /** Of all windows together. */
    private double millis(Scenario scenario, Variant variant, double percentile) {
        return latencies(scenario, variant).percentileMillis(percentile);
    }

    /** Of all records, those that came late; NaN without records. */
    private double lateShare(Scenario scenario, Variant variant) {
        return latencies(scenario, variant).shareAbove(LATE_MILLIS);
    }

    private WindowResult latencies(Scenario scenario, Variant variant) {
        WindowResult together = new WindowResult();
        outcomes(scenario, variant, Load.OPEN).forEach(outcome -> together.add(outcome.result()));
        return together;
    }

    private List<Outcome> outcomes(Scenario scenario, Variant variant, Load load) {
        return all.stream()
                .filter(one -> one.scenario.equals(scenario) && one.variant == variant && one.load == load)
                .map(Measured::outcome)
                .toList();
    }

    /** The higher of two, of which one may be NaN. */
    private static double highest(double one, double other) {
        return Double.isNaN(one) ? other : Double.isNaN(other) ? one : Math.max(one, other);
    }

    /** 99.9 is p999, as in most tools. */
    private static String digits(double percentile) {
        return Double.toString(percentile).replaceAll("\\.0$", "").replace(".", "");
    }
}
