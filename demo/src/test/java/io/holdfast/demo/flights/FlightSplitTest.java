package io.holdfast.demo.flights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class FlightSplitTest {

    @Test
    void aSplitSurvivesACheckpoint() throws IOException {
        FlightSplit.Serializer serializer = new FlightSplit.Serializer();
        FlightSplit split = new FlightSplit(3, 1L << 40, 1_700_000_000_000L);

        assertThat(serializer.deserialize(serializer.getVersion(), serializer.serialize(split)))
                .isEqualTo(split);
    }

    @Test
    void soDoTheSplitsNobodyHas() throws IOException {
        FlightsEnumerator.Serializer serializer = new FlightsEnumerator.Serializer();
        List<FlightSplit> splits = List.of(new FlightSplit(0, 1, 2), new FlightSplit(1, 3, 4));

        assertThat(serializer.deserialize(serializer.getVersion(), serializer.serialize(splits)))
                .isEqualTo(splits);
    }
}
