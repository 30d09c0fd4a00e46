package io.holdfast.agent.heap;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GiveWayPolicyTest {
    private static final long MIB = 1 << 20;

    @ParameterizedTest(name = "limit {0}, free {1}, machine {2}, untouched {3} -> {4} of 1000 MiB")
    @CsvSource({
        "-1, 0, 100000, 0, 1000", // no limit, large machine
        "-1, 0, 628, 0, 475", // no limit, 128 kept for the machine, a twentieth for tables
        "4000, 3000, 100000, 0, 1000",
        "4000, 1200, 100000, 0, 950", // margin: a twentieth of the limit, 200
        "4000, 1200, 100000, 500, 450", // untouched heap has tables as well
        "4000, 1200, 100000, 950, 0",
        "640, 72, 100000, 0, 38", // margin: 32
        "420, 72, 100000, 0, 38", // margin: 32 at least
        "100, 52, 100000, 0, 19",
        "10240, 552, 100000, 0, 38", // margin: 512
        "60000, 552, 100000, 0, 38", // margin: 512 at most
        "4000, 200, 100000, 0, 0",
        "4000, -50, 100000, 0, 0",
        "4000, 3000, 64, 0, 0"
    })
    void noMoreThanTheCgroupAndTheMachineHave(long limit, long free, long machine, long untouched, long expected) {
        long allowance = GiveWayPolicy.allowance(
                1000 * MIB, limit < 0 ? -1 : limit * MIB, free * MIB, machine * MIB, untouched * MIB);

        assertThat(allowance).isEqualTo(expected * MIB);
    }

    @Test
    void machineThatDoesNotTellLimitsNothing() {
        assertThat(GiveWayPolicy.allowance(1000, -1, 0, -1, 0)).isEqualTo(1000);
    }

    @Test
    void collectorIsTrustedUnlessItClearsSoftReferencesEarly() {
        assertThat(GiveWayPolicy.collectorMayTake(1000)).isTrue();
        assertThat(GiveWayPolicy.collectorMayTake(199)).isFalse();
        assertThat(GiveWayPolicy.collectorMayTake(0)).isFalse();
    }

    @Test
    void heapThatStaysFullGetsATenthMoreIfThereIsThatMuch() {
        assertThat(GiveWayPolicy.full(951, 1000)).isTrue();
        assertThat(GiveWayPolicy.full(950, 1000)).isFalse();
        assertThat(GiveWayPolicy.step(2, true, 1000, 32, 500)).isZero();
        assertThat(GiveWayPolicy.step(9, false, 1000, 32, 500)).isZero(); // maybe full of garbage only
        assertThat(GiveWayPolicy.step(3, true, 1000, 32, 500)).isEqualTo(100);
        assertThat(GiveWayPolicy.step(3, true, 200, 32, 500)).isEqualTo(32);
        assertThat(GiveWayPolicy.step(3, true, 1000, 32, 60)).isEqualTo(60);
        assertThat(GiveWayPolicy.step(3, true, 1000, 32, 0)).isZero();
    }
}
