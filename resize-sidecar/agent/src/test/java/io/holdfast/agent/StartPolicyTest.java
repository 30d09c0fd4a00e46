package io.holdfast.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.agent.report.Deadline;
import io.holdfast.agent.report.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StartPolicyTest {
    @ParameterizedTest(name = "{0}, preloaded {1}, {2} of 100 to 1000: {3}")
    @CsvSource({
        "UNSUPPORTED, true, 500, true",
        "UNSUPPORTED, false, 500, true",
        "INFEASIBLE, true, 500, true", // it gave way, or somebody needed the heap meanwhile
        "INFEASIBLE, true, 99, false",
        "INFEASIBLE, true, 1001, false",
        "INFEASIBLE, false, 500, false", // the JVM runs on without the agent
        "TIMEOUT, false, 500, false",
        "FAILED, true, 500, false"
    })
    void jvmIsNotEndedForWhatAnotherMomentWouldAllow(ErrorCode code, boolean preloaded, long wanted, boolean starts) {
        assertThat(StartPolicy.startsWithout(code, preloaded, wanted, 100, 1000))
                .isEqualTo(starts);
    }

    @ParameterizedTest(name = "clock at {0}")
    @ValueSource(longs = {0, Long.MAX_VALUE - 1, Long.MIN_VALUE})
    void beforeMainTheFirstCeilingTakesAsLongAsItTakes(long start) {
        long[] clock = {start};
        Deadline deadline = Deadline.in(StartPolicy.timeoutMillis(true), () -> clock[0]);
        assertThat(deadline.passed()).isFalse();

        clock[0] += 3_600_000_000_000L;

        assertThat(deadline.passed()).isFalse();
    }

    @Test
    void attachmentIsGivenUpInTime() {
        assertThat(StartPolicy.timeoutMillis(false)).isEqualTo(120_000);
    }
}
