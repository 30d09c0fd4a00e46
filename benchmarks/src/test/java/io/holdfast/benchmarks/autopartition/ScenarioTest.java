package io.holdfast.benchmarks.autopartition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScenarioTest {

    private static final long SECOND = 1_000_000_000;

    @Test
    void theBoundIsTheSumOfWhatReceiversCanDoAlone() {
        assertThat(Scenario.UNIFORM.boundPerSecond()).isEqualTo(8_000);
        assertThat(Scenario.ONE_SLOW.boundPerSecond()).isCloseTo(7_100, within(1e-6));
        assertThat(Scenario.SLOW_30.boundPerSecond()).isCloseTo(7_000 + 200 + 133.333 + 100, within(0.001));
    }

    @Test
    void threeOfTenAreFiveToTenTimesSlower() {
        List<Double> slow =
                Scenario.SLOW_30.slowness().stream().filter(times -> times != 1).toList();

        assertThat(slow).hasSize(3).allSatisfy(times -> assertThat(times).isBetween(5.0, 10.0));
        assertThat(Scenario.SLOW_30.receivers()).isEqualTo(10);
    }

    @Test
    void aStalledReceiverServesNothingMeanwhile() {
        Window window = new Window(1, 0, 0, 8 * SECOND, Window.SATURATED, 1);
        int stalls = Scenario.STALL.stalls(window).stalls().size();

        assertThat(stalls).isPositive();
        assertThat(Scenario.STALL.boundPerSecond(window)).isCloseTo(8_000 - stalls * 1_000 * 2 / 8.0, within(1e-6));
        assertThat(Scenario.UNIFORM.boundPerSecond(window)).isEqualTo(8_000);
    }

    @Test
    void aJobReadsWhatItsProgramWrote(@TempDir Path directory) throws IOException {
        ServingRun.Settings settings =
                new ServingRun.Settings(Scenario.SLOW_30, 4, 500, Map.of("some.option", "20 ms", "other", "a=b: c"));

        new ServingRun(directory).create(settings);

        assertThat(new ServingRun(directory).settings()).isEqualTo(settings);
    }
}
