package io.holdfast.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.benchmarks.job.Arrival;
import io.holdfast.benchmarks.job.ArrivalFiles;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SilenceTest {

    private final List<Arrival> counted = new ArrayList<>();
    private final List<Arrival> uncounted = new ArrayList<>();

    @Test
    void aGapEndsWithTheFirstOutputOfTheNextAttempt() {
        arrive(counted, 0, 0, 100, 200, 310);
        arrive(counted, 0, 1, 700, 800);
        arrive(counted, 1, 0, 100, 300, 500, 700);

        assertThat(silence().betweenAttempts(0, 250, 1_000)).hasValue(390);
    }

    @Test
    void outputThatDoesNotCountWasOutputNevertheless() {
        arrive(counted, 0, 0, 100);
        arrive(uncounted, 0, 0, 200, 250);
        arrive(counted, 0, 1, 700);

        assertThat(silence().betweenAttempts(0, 210, 1_000)).hasValue(450);
    }

    @Test
    void anAttemptThatNeverSpeaksLeavesNoGap() {
        arrive(counted, 0, 0, 100, 200);
        arrive(counted, 0, 1, 1_100);

        assertThat(silence().betweenAttempts(0, 150, 1_000)).isEmpty();
        assertThat(silence().betweenAttempts(3, 150, 1_000)).isEmpty();
    }

    @Test
    void silenceIsMeasuredWithinTheWindow() {
        arrive(counted, 0, 0, 100, 1_000, 1_200, 3_000);

        assertThat(silence().ofMap(0, 900, 1_500)).isEqualTo(300);
        assertThat(silence().ofMap(0, 500, 1_300)).isEqualTo(500);
    }

    @Test
    void theJobIsSilentOnlyWhenEverybodyIs() {
        arrive(counted, 0, 0, 100, 1_000);
        arrive(counted, 1, 0, 150, 600, 950);

        assertThat(silence().ofAll(100, 1_000)).isEqualTo(450);
        assertThat(silence().ofMap(0, 100, 1_000)).isEqualTo(900);
    }

    private Silence silence() {
        return new Silence(new ArrivalFiles.Output(counted, uncounted));
    }

    private static void arrive(List<Arrival> to, int mapSubtask, int mapAttempt, long... times) {
        for (long atMillis : times) {
            to.add(new Arrival(atMillis, 0, 0, 0, 0, mapSubtask, mapAttempt, 1, 0, 0));
        }
    }
}
