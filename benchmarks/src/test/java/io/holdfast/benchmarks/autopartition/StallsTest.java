package io.holdfast.benchmarks.autopartition;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.benchmarks.autopartition.Stalls.Stall;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StallsTest {

    private static final long SECOND = 1_000_000_000;
    private static final int RECEIVERS = 8;

    @Test
    void theSameSeedGivesTheSameStallsAndAnotherOneOthers() {
        assertThat(Stalls.in(window(60, 1), RECEIVERS)).isEqualTo(Stalls.in(window(60, 1), RECEIVERS));
        assertThat(Stalls.in(window(60, 2), RECEIVERS)).isNotEqualTo(Stalls.in(window(60, 1), RECEIVERS));
    }

    @ParameterizedTest
    @ValueSource(longs = {6, 8, 10, 20, 300})
    void everyMeasurementHasStallsAndTheyEndWellWithinIt(long seconds) {
        for (long seed = 0; seed < 50; seed++) {
            Window window = window(seconds, seed);
            List<Stall> stalls = Stalls.in(window, RECEIVERS).stalls();

            assertThat(stalls).isNotEmpty();
            assertThat(stalls).allSatisfy(stall -> {
                assertThat(stall.receiver()).isBetween(0, RECEIVERS - 1);
                assertThat(stall.fromNanos()).isGreaterThanOrEqualTo(window.measureFromNanos());
                assertThat(stall.untilNanos()).isLessThanOrEqualTo(window.measureUntilNanos() - SECOND);
            });
        }
    }

    @Test
    void thereAreAboutTwoInFiveSecondsAndEverybodyHasSome() {
        List<Stall> stalls = Stalls.in(window(10_000, 3), RECEIVERS).stalls();

        assertThat(stalls.size()).isBetween(3_850, 4_150);
        assertThat(stalls.stream().map(Stall::receiver).distinct()).hasSize(RECEIVERS);
    }

    @Test
    void onlyTheStalledReceiverWaitsAndOnlyUntilTheEnd() {
        Stalls stalls = new Stalls(List.of(new Stall(3, 100, 200)));

        assertThat(stalls.endNanos(3, 99)).isEqualTo(99);
        assertThat(stalls.endNanos(3, 100)).isEqualTo(200);
        assertThat(stalls.endNanos(3, 199)).isEqualTo(200);
        assertThat(stalls.endNanos(3, 200)).isEqualTo(200);
        assertThat(stalls.endNanos(4, 150)).isEqualTo(150);
    }

    private static Window window(long measuredSeconds, long seed) {
        return new Window(1, 0, 5 * SECOND, (5 + measuredSeconds) * SECOND, 100, seed);
    }
}
