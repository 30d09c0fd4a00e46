package io.holdfast.flink.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.io.network.api.serialization.EventSerializer;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AttachedEventTest {

    @Test
    void everythingItSaysArrives() throws IOException {
        BarrierPositions barriers = new BarrierPositions();
        barriers.put(3, new StreamPosition(10, 100));
        barriers.put(4, new StreamPosition(20, 200));

        AttachedEvent arrived =
                overTheNetwork(new AttachedEvent(3, new StreamPosition(7, 70), barriers, 5, 1_234, true, null, true));

        assertThat(arrived.start()).isEqualTo(new StreamPosition(7, 70));
        assertThat(arrived.barriers().asMap()).isEqualTo(barriers.asMap());
        assertThat(arrived.lastBarrier()).isEqualTo(5);
        assertThat(arrived.watermark()).isEqualTo(1_234);
        assertThat(arrived.idle()).isTrue();
        assertThat(arrived.endOfData()).isEmpty();
        assertThat(arrived.endOfPartition()).isTrue();
    }

    @Test
    void nothingToSayArrivesAsNothing() throws IOException {
        AttachedEvent arrived = overTheNetwork(new AttachedEvent(
                3, StreamPosition.START, new BarrierPositions(), -1, Long.MIN_VALUE, false, null, false));

        assertThat(arrived.start()).isEqualTo(StreamPosition.START);
        assertThat(arrived.barriers().asMap()).isEmpty();
        assertThat(arrived.lastBarrier()).isEqualTo(-1);
        assertThat(arrived.watermark()).isEqualTo(Long.MIN_VALUE);
        assertThat(arrived.idle()).isFalse();
        assertThat(arrived.endOfPartition()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(StopMode.class)
    void endOfDataArrivesWithItsMode(StopMode mode) throws IOException {
        AttachedEvent arrived = overTheNetwork(
                new AttachedEvent(3, StreamPosition.START, new BarrierPositions(), -1, 0, false, mode, false));

        assertThat(arrived.endOfData()).contains(mode);
    }

    @Test
    void barriersThatComeLaterDoNotChangeIt() {
        BarrierPositions barriers = new BarrierPositions();
        AttachedEvent event = new AttachedEvent(3, StreamPosition.START, barriers, -1, 0, false, null, false);

        barriers.put(1, StreamPosition.START);

        assertThat(event.barriers().asMap()).isEmpty();
    }

    @Test
    void barriersThatWereForgottenArriveAsForgotten() throws IOException {
        BarrierPositions barriers = new BarrierPositions();
        for (long id = 0; id < 1_000; id++) {
            barriers.put(id, new StreamPosition(id, id));
        }
        assertThat(barriers.forgot(0)).isTrue();

        AttachedEvent arrived =
                overTheNetwork(new AttachedEvent(3, StreamPosition.START, barriers, -1, 0, false, null, false));

        assertThat(arrived.barriers().forgot(0))
                .as("else a loss is counted from the stream's beginning and called exact")
                .isTrue();
    }

    private static AttachedEvent overTheNetwork(AttachedEvent event) throws IOException {
        Buffer buffer = EventSerializer.toBuffer(event, false);
        assertThat(buffer.isBuffer()).isFalse();
        try {
            return (AttachedEvent) EventSerializer.fromBuffer(buffer, AttachedEventTest.class.getClassLoader());
        } finally {
            buffer.recycleBuffer();
        }
    }
}
