package io.holdfast.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.demo.Lane.Stage;
import io.holdfast.testing.RecordLedger.Arrival;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArrivalsTest {

    private final Arrivals arrivals = new Arrivals();
    private long sequence;

    @Test
    void theWholeOutputMovesWhileOneLaneStandsStill() {
        arrived(0, 0, 100, 110, 500);
        arrived(1, 1, 150, 250, 350, 450);

        assertThat(arrivals.gapMillis(100, 500)).isEqualTo(100);
        assertThat(arrivals.worstGapMillis(100, 500, List.of(lane(Stage.AIRPORT_STATS, 0))))
                .isEqualTo(390);
    }

    @Test
    void theLaneThatSufferedMostCounts() {
        arrived(0, 1, 100, 300);
        arrived(1, 0, 100, 200, 250, 300);

        assertThat(arrivals.worstGapMillis(100, 300, List.of(lane(Stage.ENRICH, 0), lane(Stage.AIRPORT_STATS, 0))))
                .isEqualTo(200);
        assertThat(arrivals.worstGapMillis(100, 300, List.of())).isZero();
    }

    @Test
    void throughputIsPerSecondWhateverTheBucket() {
        arrived(0, 0, 1_000, 1_010, 1_199, 1_200, 1_900);

        assertThat(arrivals.perSecond(1_000, 2_000, 200)).containsExactly(15, 5, 0, 0, 5);
    }

    private void arrived(int keyed, int sink, long... times) {
        for (long time : times) {
            arrivals.add(new Arrival(0, sequence++, keyed, sink, 0, time));
        }
    }

    private static Lane lane(Stage stage, int subtask) {
        return new Lane(stage, subtask);
    }
}
