package io.holdfast.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ComparisonTest {

    @Test
    void theConsoleShowsBothRunsInColumns() {
        String text = Comparison.of(SampleRuns.holdfast(), SampleRuns.stock()).text();

        assertThat(text.lines().map(line -> line.replaceAll("  +", "|")).toList())
                .contains(
                        "|Holdfast|Stock Flink",
                        "|Tasks restarted|1 of 16|16 of 16",
                        "|Whole output stood still|44 ms|1.78 s",
                        "|State of the job|RUNNING throughout|restarted 3 times (RESTARTING)",
                        "|Lost|4,310 (0.89 %)|0",
                        "|Moved before it ended|4 tasks in 912 ms, handed over|–",
                        "|A moved task did not run for|240 ms|–",
                        "|Records lost by it|0|–",
                        "|Incidents in Holdfast's ledger|3|–");
    }
}
