package io.holdfast.agent.heap;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FeasibilityPolicyTest {
    private static final long MIB = 1 << 20;

    @ParameterizedTest(name = "{0} MiB alive -> floor {1} MiB")
    @CsvSource({"0, 32", "20, 32", "85, 100", "86, 102", "850, 1000"})
    void floorLeavesTheCollectorRoomToWork(long live, long floor) {
        assertThat(FeasibilityPolicy.floor(live * MIB, 2 * MIB)).isEqualTo(floor * MIB);
    }

    @Test
    void whatFitsWithItsGarbageNeedsNoCollection() {
        assertThat(FeasibilityPolicy.fits(850, 1000)).isTrue();
        assertThat(FeasibilityPolicy.fits(851, 1000)).isFalse();
    }

    @Test
    void lastArrayLeavesAReserve() {
        assertThat(FeasibilityPolicy.leavesReserve(4000, 2900, 100, 950, 1000)).isTrue();
        assertThat(FeasibilityPolicy.leavesReserve(4000, 2900, 100, 951, 1000)).isFalse();
    }
}
