package io.holdfast.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.benchmarks.job.Arrival;
import io.holdfast.benchmarks.job.ArrivalFiles;
import io.holdfast.benchmarks.job.Numbered;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OracleTest {

    private static final int SPLITS = 2;
    private static final int RECORDS = 10;
    private static final int KEYS = 2;

    private final Oracle oracle = new Oracle(SPLITS, RECORDS, KEYS);
    private final Map<Integer, Long> state = new HashMap<>();
    private final List<Arrival> counted = new ArrayList<>();
    private final List<Arrival> uncounted = new ArrayList<>();
    private long nowMillis = 1_000;

    @Test
    void anUndisturbedRunIsExact() {
        send(0, 0, RECORDS);
        send(1, 0, RECORDS);

        Oracle.Verdict verdict = judge();

        assertThat(verdict)
                .isEqualTo(new Oracle.Verdict(20, 0, 0, 0, 0, 0, 0, 0, 1, List.of(new Oracle.Lane(0, 0, 0))));
    }

    @Test
    void whatIsMissingIsLost() {
        send(0, 0, 4);
        send(0, 7, RECORDS);
        send(1, 0, RECORDS);

        Oracle.Verdict verdict = judge();

        assertThat(verdict.lost()).isEqualTo(3);
        assertThat(verdict.netLost()).isEqualTo(3);
        assertThat(verdict.missingInState()).isEqualTo(3);
        assertThat(verdict.lanes()).containsExactly(new Oracle.Lane(0, 3, 3));
        assertThat(oracle.firstLost(output(), 2)).isEqualTo(Map.of(0, List.of(4L, 5L)));
    }

    @Test
    void whatASourceReadsAgainIsRepeatedAndNotReordered() {
        send(0, 0, 6);
        send(0, 3, RECORDS, 1, 0);
        send(1, 0, RECORDS);

        Oracle.Verdict verdict = judge();

        assertThat(verdict.repeated()).isEqualTo(3);
        assertThat(verdict.netLost()).isEqualTo(-3);
        assertThat(verdict.missingInState()).isEqualTo(-3);
        assertThat(verdict.reordered()).isZero();
    }

    @Test
    void aRecordThatOvertakesAnotherOfItsKeyIsCounted() {
        send(0, 0, 4);
        send(0, 6, 8);
        send(0, 4, 6);
        send(0, 8, RECORDS);
        send(1, 0, RECORDS);

        assertThat(judge().reordered()).isEqualTo(KEYS);
    }

    @Test
    void outputThatNoCheckpointKnowsOfDoesNotCountButBreaksTheSilence() {
        send(0, 0, 5);
        int before = counted.size();
        nowMillis += 100;
        send(0, 5, 7);
        uncounted.addAll(counted.subList(before, counted.size()));
        counted.subList(before, counted.size()).clear();
        nowMillis += 50;
        send(0, 7, RECORDS);
        send(1, 0, RECORDS);

        Oracle.Verdict verdict = judge();

        assertThat(verdict.lost()).isEqualTo(2);
        assertThat(verdict.uncounted()).isEqualTo(2);
        assertThat(verdict.missingInState()).isZero();
        assertThat(verdict.gapMillis()).isEqualTo(101);
    }

    @Test
    void theStateIsThatOfTheNewestAttempt() {
        send(0, 0, 8);
        state.replaceAll((key, count) -> count - 2); // back to the checkpoint
        send(0, 8, RECORDS, 0, 1);
        send(1, 0, RECORDS, 0, 1);

        Oracle.Verdict verdict = judge();

        assertThat(verdict.lost()).isZero();
        assertThat(verdict.missingInState()).isEqualTo(2 * KEYS);
    }

    @Test
    void aKeyThatIsNeverHeardOfIsSaid() {
        counted.add(new Arrival(1, 0, 0, 0, 0, 0, 0, 1, 0, 0));

        assertThat(judge().silentKeys()).isEqualTo(1);
    }

    private void send(int split, int from, int until) {
        send(split, from, until, 0, 0);
    }

    private void send(int split, int from, int until, int sourceAttempt, int mapAttempt) {
        for (int sequence = from; sequence < until; sequence++) {
            int key = Numbered.keyOf(split, sequence, KEYS);
            long count = state.merge(key, 1L, Long::sum);
            counted.add(new Arrival(nowMillis++, split, sequence, key, sourceAttempt, 0, mapAttempt, count, 0, 0));
        }
    }

    private ArrivalFiles.Output output() {
        return new ArrivalFiles.Output(counted, uncounted);
    }

    private Oracle.Verdict judge() {
        return oracle.judge(output());
    }
}
