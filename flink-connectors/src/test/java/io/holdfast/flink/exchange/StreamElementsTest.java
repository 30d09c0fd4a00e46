package io.holdfast.flink.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamElement;
import org.apache.flink.streaming.runtime.streamrecord.StreamElementSerializer;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamElementsTest {

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 1_700_000_000_000L, Long.MAX_VALUE})
    void watermarkIsReadByFlink(long timestamp) throws IOException {
        assertThat(read(StreamElements.watermark(timestamp))).isEqualTo(new Watermark(timestamp));
    }

    @Test
    void statusIsReadByFlink() throws IOException {
        assertThat(read(StreamElements.idle())).isEqualTo(WatermarkStatus.IDLE);
        assertThat(read(StreamElements.active())).isEqualTo(WatermarkStatus.ACTIVE);
    }

    private static StreamElement read(Buffer buffer) throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(buffer.getNioBufferReadable());
        assertThat(in.readInt()).as("length prefix").isEqualTo(in.available());
        StreamElement element = new StreamElementSerializer<>(BytePrimitiveArraySerializer.INSTANCE).deserialize(in);
        assertThat(in.available()).isZero();
        buffer.recycleBuffer();
        return element;
    }
}
