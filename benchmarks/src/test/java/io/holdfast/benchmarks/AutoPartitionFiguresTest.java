package io.holdfast.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.holdfast.benchmarks.AutoPartitionFigures.Load;
import io.holdfast.benchmarks.ServingJobs.Outcome;
import io.holdfast.benchmarks.autopartition.Scenario;
import io.holdfast.benchmarks.autopartition.WindowResult;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AutoPartitionFiguresTest {

    private final AutoPartitionFigures figures = new AutoPartitionFigures();

    @Test
    void holdfastIsHeldAgainstTheAdaptivePartitionerThatDidBetter() {
        saturated(Variant.REBALANCE, 1_000);
        saturated(Variant.ADAPTIVE_4, 3_000);
        saturated(Variant.ADAPTIVE_ALL, 5_000);
        saturated(Variant.SHORTEST_EXPECTED_DELAY, 6_000);
        saturated(Variant.POWER_OF_TWO_CHOICES, 4_000);
        open(Variant.ADAPTIVE_4, 800);
        open(Variant.ADAPTIVE_ALL, 1_000);
        open(Variant.SHORTEST_EXPECTED_DELAY, 200);

        Map<String, Double> keys = figures.keys();

        assertThat(keys)
                .containsEntry("slow30_throughput_ratio_vs_rebalance", 6.0)
                .containsEntry("slow30_throughput_ratio_vs_adaptive", 1.2)
                .containsEntry("slow30_throughput_ratio_vs_adaptive_power_of_two_choices", 0.8)
                .containsEntry("slow30_fraction_of_bound", 0.75);
        assertThat(keys.get("slow30_p99_latency_ratio_vs_adaptive")).isCloseTo(0.25, within(0.001));
        assertThat(keys).containsEntry("slow30_late_ratio_vs_adaptive", 0.0);
    }

    @Test
    void nothingIsFewerThanNoLateRecords() {
        open(Variant.ADAPTIVE_ALL, 100);
        open(Variant.SHORTEST_EXPECTED_DELAY, 800);

        assertThat(figures.keys()).containsEntry("slow30_late_ratio_vs_adaptive", Double.NaN);
    }

    @Test
    void oneAdaptivePartitionerWillDo() {
        saturated(Variant.ADAPTIVE_ALL, 5_000);
        saturated(Variant.SHORTEST_EXPECTED_DELAY, 6_000);

        assertThat(figures.keys()).containsEntry("slow30_throughput_ratio_vs_adaptive", 1.2);
    }

    @Test
    void whatWasNotMeasuredIsNotANumber() {
        saturated(Variant.REBALANCE, 1_000);
        saturated(Variant.SHORTEST_EXPECTED_DELAY, 6_000);

        assertThat(figures.keys())
                .containsEntry("slow30_throughput_ratio_vs_rebalance", 6.0)
                .containsEntry("slow30_throughput_ratio_vs_adaptive", Double.NaN)
                .containsEntry("stall_p99_latency_ratio_vs_adaptive", Double.NaN);
    }

    @Test
    void roundsCountByTheirMedianAndLatenciesTogether() {
        saturated(Variant.REBALANCE, 1_000);
        saturated(Variant.SHORTEST_EXPECTED_DELAY, 2_000);
        saturated(Variant.SHORTEST_EXPECTED_DELAY, 4_000);
        open(Variant.SHORTEST_EXPECTED_DELAY, 100);
        open(Variant.SHORTEST_EXPECTED_DELAY, 300);

        Map<String, Object> row = figures.windows().stream()
                .filter(one -> one.get("variant").equals("shortest_expected_delay"))
                .findFirst()
                .orElseThrow();

        assertThat(figures.keys()).containsEntry("slow30_throughput_ratio_vs_rebalance", 3.0);
        assertThat((double) row.get("p50_ms")).isCloseTo(100, within(1.0));
        assertThat((double) row.get("p99_ms")).isCloseTo(300, within(1.0));
        assertThat(row).containsEntry("records_per_second_of_each_window", List.of(2_000.0, 4_000.0));
    }

    @Test
    void everyVariantHasALineInTheTable() {
        saturated(Variant.REBALANCE, 1_000);

        assertThat(figures.table(Scenario.SLOW_30, Variant.of("2.3"))).hasSize(6);
        assertThat(figures.table(Scenario.SLOW_30, Variant.of("2.2")))
                .hasSize(4)
                .noneMatch(line -> line.contains("adaptive"));
    }

    @Test
    void adaptiveIsAskedForByOptionsOfTheJob() {
        assertThat(Variant.ADAPTIVE_ALL.options(10))
                .containsEntry("taskmanager.network.adaptive-partitioner.enabled", "true")
                .containsEntry("taskmanager.network.adaptive-partitioner.max-traverse-size", "10");
        assertThat(Variant.REBALANCE.options(10)).isEmpty();
    }

    @Test
    void theCostOfADecisionIsTheScoreOfItsRun() throws IOException {
        Map<String, Double> cost = DecisionCost.figures(new ObjectMapper().readTree("""
                [{"params": {"algorithm": "SHORTEST_EXPECTED_DELAY", "recordsPerSecond": "1000000"},
                  "primaryMetric": {"score": 12.5}},
                 {"params": {"algorithm": "POWER_OF_TWO_CHOICES", "recordsPerSecond": "50000"},
                  "primaryMetric": {"score": 30}}]
                """));

        assertThat(cost)
                .containsExactly(
                        Map.entry("decision_ns_p128", 12.5),
                        Map.entry("decision_ns_p128_power_of_two_choices_at_50000_per_second", 30.0));
    }

    private void saturated(Variant variant, double perSecond) {
        figures.add(Scenario.SLOW_30, variant, Load.SATURATED, new Outcome(perSecond, 8_000, result(1)));
    }

    private void open(Variant variant, int millis) {
        figures.add(Scenario.SLOW_30, variant, Load.OPEN, new Outcome(1, 8_000, result(millis)));
    }

    private static WindowResult result(int millis) {
        WindowResult result = new WindowResult();
        for (int i = 0; i < 1_000; i++) {
            result.served(millis * 1_000_000L);
        }
        return result;
    }
}
