package io.holdfast.flink.autopartition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.holdfast.flink.autopartition.RoutingBenchmark.Algorithm;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whether what is measured is routing as it should be: a figure of anything else would be of no use. */
class RoutingBenchmarkTest {

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void slowReceiversGetLittleAndTheOthersEqualShares(Algorithm algorithm) {
        RoutingBenchmark benchmark = new RoutingBenchmark();
        benchmark.algorithm = algorithm;
        benchmark.recordsPerSecond = 1_000_000;
        benchmark.setUp();

        for (int i = 0; i < 5_000_000; i++) {
            benchmark.route();
        }

        double healthy = benchmark.records(0);
        assertThat(benchmark.slowness(8)).isEqualTo(10);
        assertThat(benchmark.records(8) / healthy).as("ten times slower").isLessThan(0.2);
        assertThat(benchmark.records(1) / healthy).as("as fast").isCloseTo(1, within(0.2));
    }
}
