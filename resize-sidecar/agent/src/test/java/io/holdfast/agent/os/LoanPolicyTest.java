package io.holdfast.agent.os;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoanPolicyTest {
    @ParameterizedTest(name = "{0} wanted, limit {1}, used {2}, largest {3}, allowance {4} -> {5}")
    @CsvSource({
        "10, 50, 50, 100, 99, 10",
        "10, 50, 20, 100, 99, 10", // what others may still take stays theirs
        "60, 50, 50, 100, 99, -1", // never was so much
        "60, 50, 40, 100, 99, 50",
        "10, 50, 50, 100, 9, -1", // the cgroup has less
        "10, 50, 45, 100, 9, 9",
        "10, 50, 40, 100, 0, 0", // there is room for it
        "10, 120, 40, 100, 99, 0", // the limit was raised behind our back
        "9223372036854775807, 50, 50, 100, 99, -1"
    })
    void limitIsRaisedOnlyIfItHelpsAndHurtsNobody(
            long bytes, long limit, long used, long largest, long allowance, long expected) {
        assertThat(LoanPolicy.loan(bytes, limit, used, largest, allowance).orElse(-1))
                .isEqualTo(expected);
    }
}
