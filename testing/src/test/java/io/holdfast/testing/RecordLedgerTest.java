package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.testing.RecordLedger.Arrival;
import io.holdfast.testing.RecordLedger.Gap;
import io.holdfast.testing.RecordLedger.Verdict;
import org.junit.jupiter.api.Test;

class RecordLedgerTest {

    private final RecordLedger ledger = new RecordLedger();

    @Test
    void everyRecordOnceIsExact() {
        arrive(0, 0, 1, 2);
        arrive(1, 0, 1);
        ledger.expect(0, 3);
        ledger.expect(1, 2);

        Verdict verdict = ledger.verdict();

        assertThat(verdict).isEqualTo(new Verdict(5, 0, 0, 0, 0));
        assertThat(verdict.exact()).isTrue();
    }

    @Test
    void aHoleIsALossAndIsNamed() {
        arrive(0, 0, 1, 4);

        assertThat(ledger.verdict().lost()).isEqualTo(2);
        assertThat(ledger.lost(0, 10)).containsExactly(2L, 3L);
        assertThat(ledger.lost(0, 1)).containsExactly(2L);
    }

    @Test
    void whatTheSourceEmittedLastIsMissedToo() {
        arrive(0, 0, 1);
        ledger.expect(0, 4);
        ledger.expect(7, 2);

        assertThat(ledger.verdict()).isEqualTo(new Verdict(6, 4, 0, 0, 0));
        assertThat(ledger.lost(7, 10)).containsExactly(0L, 1L);
    }

    @Test
    void aReplayedRecordIsRepeatedAndNotReordered() {
        arrive(0, 0, 1, 2, 1, 2, 3);

        assertThat(ledger.verdict()).isEqualTo(new Verdict(4, 0, 2, 0, 0));
    }

    @Test
    void anOvertakenRecordIsReorderedOnlyWithinItsKeyAndSource() {
        ledger.arrived(new Arrival(0, 1, 11, 0, 0, 0));
        ledger.arrived(new Arrival(0, 0, 22, 0, 0, 0));
        ledger.arrived(new Arrival(1, 0, 11, 0, 0, 0));
        assertThat(ledger.verdict().reordered()).isZero();

        ledger.arrived(new Arrival(0, 3, 22, 0, 0, 0));
        ledger.arrived(new Arrival(0, 2, 22, 0, 0, 0));

        assertThat(ledger.verdict().reordered()).isEqualTo(1);
    }

    @Test
    void aRecordNoSourceEmittedIsUnexpected() {
        arrive(0, 0, 1, 2);
        ledger.expect(0, 2);

        assertThat(ledger.verdict()).isEqualTo(new Verdict(2, 0, 0, 0, 1));
        assertThat(ledger.verdict().exact()).isFalse();
    }

    @Test
    void theLargestGapIsFoundAcrossUnsortedSubtasks() {
        at(0, 100, 200, 900);
        at(1, 150, 400);

        assertThat(ledger.largestGap(0, 1_000)).isEqualTo(new Gap(400, 900));
        assertThat(ledger.largestGap(0, 1_000, 0)).isEqualTo(new Gap(200, 900));
        assertThat(ledger.largestGap(0, 1_000, 1)).isEqualTo(new Gap(400, 1_000));
    }

    @Test
    void aGapThatOverlapsTheWindowCountsInFull() {
        at(0, 100, 200, 900, 1_000);

        assertThat(ledger.largestGap(250, 300)).isEqualTo(new Gap(200, 900));
        assertThat(ledger.largestGap(950, 960)).isEqualTo(new Gap(900, 1_000));
    }

    @Test
    void withoutArrivalsTheWholeWindowIsAGap() {
        assertThat(ledger.largestGap(100, 350).millis()).isEqualTo(250);
    }

    @Test
    void growsPastItsFirstCapacity() {
        for (int i = 0; i < 5_000; i++) {
            ledger.arrived(new Arrival(i % 3, i / 3, i % 7, 0, 0, i));
        }

        assertThat(ledger.arrivals()).isEqualTo(5_000);
        assertThat(ledger.verdict().lost()).isZero();
        assertThat(ledger.largestGap(0, 4_999).millis()).isEqualTo(1);
    }

    @Test
    void refusesANegativeSequence() {
        assertThatThrownBy(() -> arrive(0, -1)).hasMessageContaining("sequence must be in 0..2^31-1");
    }

    private void arrive(int source, int... sequences) {
        for (int sequence : sequences) {
            ledger.arrived(new Arrival(source, sequence, 0, 0, 0, 0));
        }
    }

    private void at(int sinkSubtask, long... times) {
        for (int i = 0; i < times.length; i++) {
            ledger.arrived(new Arrival(sinkSubtask, i, 0, sinkSubtask, 0, times[i]));
        }
    }
}
