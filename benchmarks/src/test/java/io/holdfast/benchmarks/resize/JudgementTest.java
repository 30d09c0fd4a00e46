package io.holdfast.benchmarks.resize;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.benchmarks.resize.LoadedCluster.Judgement;
import io.holdfast.benchmarks.resize.LoadedCluster.Output;
import io.holdfast.testing.RecordLedger;
import java.util.List;
import org.junit.jupiter.api.Test;

class JudgementTest {

    private final Judgement seen = new Judgement(
            new RecordLedger().verdict(), List.of(), new long[] {900, 1_000, 1_100, 1_200, 1_900, 2_000, 2_100});

    @Test
    void outputCountsFromTheFirstMomentToBeforeTheLast() {
        Output output = seen.between(1_000, 2_000, 10);

        assertThat(output).isEqualTo(new Output(10, 4, 700));
        assertThat(output.ratio()).isEqualTo(0.4);
    }

    @Test
    void silenceAtTheEndIsAGap() {
        assertThat(seen.between(2_100, 3_000, 10).gapMillis()).isEqualTo(900);
        assertThat(seen.between(5_000, 6_000, 10)).isEqualTo(new Output(10, 0, 1_000));
    }
}
