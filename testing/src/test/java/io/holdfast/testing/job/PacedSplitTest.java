package io.holdfast.testing.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PacedSplitTest {

    @Test
    void aSplitSurvivesACheckpoint() throws IOException {
        PacedSplit.Serializer serializer = new PacedSplit.Serializer();
        PacedSplit split = new PacedSplit(3, 1L << 40, 1_700_000_000_000L);

        assertThat(serializer.deserialize(serializer.getVersion(), serializer.serialize(split)))
                .isEqualTo(split);
    }

    @Test
    void soDoTheSplitsNobodyHas() throws IOException {
        PacedEnumerator.Serializer serializer = new PacedEnumerator.Serializer();
        List<PacedSplit> splits = List.of(new PacedSplit(0, 1, 2), new PacedSplit(1, 3, 4));

        assertThat(serializer.deserialize(serializer.getVersion(), serializer.serialize(splits)))
                .isEqualTo(splits);
    }
}
