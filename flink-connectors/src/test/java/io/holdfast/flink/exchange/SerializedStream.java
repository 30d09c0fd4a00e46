package io.holdfast.flink.exchange;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.io.network.api.writer.RecordWriter;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.plugable.SerializationDelegate;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.apache.flink.streaming.api.watermark.InternalWatermark;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.LatencyMarker;
import org.apache.flink.streaming.runtime.streamrecord.RecordAttributesBuilder;
import org.apache.flink.streaming.runtime.streamrecord.StreamElement;
import org.apache.flink.streaming.runtime.streamrecord.StreamElementSerializer;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/** Stream elements as Flink itself writes them to the network, and what is true after each. */
final class SerializedStream {

    /** The state of the stream just behind an element. */
    record Mark(int offset, StreamPosition position, long watermark, boolean idle) {}

    private final SerializationDelegate<StreamElement> element =
            new SerializationDelegate<>(new StreamElementSerializer<>(BytePrimitiveArraySerializer.INSTANCE));
    private final DataOutputSerializer serializer = new DataOutputSerializer(64);
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final List<Mark> marks = new ArrayList<>(List.of(new Mark(0, StreamPosition.START, Long.MIN_VALUE, false)));

    /** A few elements of every kind, short enough to be cut at every place. */
    static SerializedStream ofEveryKind() {
        return new SerializedStream()
                .record(0)
                .watermark(0x0102030405060708L)
                .recordWithTimestamp(300)
                .idle()
                .latencyMarker()
                .record(1)
                .recordAttributes()
                .active()
                .watermark(-5)
                .internalWatermark()
                .record(40)
                .idle();
    }

    /** {@code elements} elements of random kinds and sizes. */
    static SerializedStream random(Random random, int elements) {
        SerializedStream stream = new SerializedStream();
        for (int i = 0; i < elements; i++) {
            switch (random.nextInt(12)) {
                case 0 -> stream.watermark(random.nextLong());
                case 1 -> stream.idle();
                case 2 -> stream.active();
                case 3 -> stream.latencyMarker();
                case 4 -> stream.recordAttributes();
                case 5 -> stream.recordWithTimestamp(random.nextInt(2_000));
                default -> stream.record(random.nextInt(30));
            }
        }
        return stream;
    }

    SerializedStream record(int payloadBytes) {
        return add(new StreamRecord<>(payload(payloadBytes)), 1, last().watermark, last().idle);
    }

    SerializedStream recordWithTimestamp(int payloadBytes) {
        return add(new StreamRecord<>(payload(payloadBytes), 77), 1, last().watermark, last().idle);
    }

    SerializedStream watermark(long timestamp) {
        return add(new Watermark(timestamp), 0, timestamp, last().idle);
    }

    SerializedStream idle() {
        return add(WatermarkStatus.IDLE, 0, last().watermark, true);
    }

    SerializedStream active() {
        return add(WatermarkStatus.ACTIVE, 0, last().watermark, false);
    }

    SerializedStream latencyMarker() {
        return add(new LatencyMarker(1, new OperatorID(2, 3), 4), 0, last().watermark, last().idle);
    }

    SerializedStream recordAttributes() {
        return add(new RecordAttributesBuilder(List.of()).setBacklog(true).build(), 0, last().watermark, last().idle);
    }

    SerializedStream internalWatermark() {
        return add(new InternalWatermark(99, 1), 0, last().watermark, last().idle);
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    /** The bytes from {@code from} up to {@code to}, as a reader gets them. */
    ByteBuffer slice(int from, int to) {
        return ByteBuffer.wrap(bytes(), from, to - from);
    }

    int size() {
        return bytes.size();
    }

    /** What is true of the first {@code size} bytes. */
    Mark at(int size) {
        Mark found = marks.get(0);
        for (Mark mark : marks) {
            if (mark.offset <= size) {
                found = mark;
            }
        }
        return found;
    }

    /** What is true just behind the first element that ends after {@code from}; the last mark if none does. */
    Mark firstEndAfter(int from) {
        return marks.stream().filter(mark -> mark.offset > from).findFirst().orElse(last());
    }

    List<Mark> marks() {
        return marks;
    }

    Mark last() {
        return marks.get(marks.size() - 1);
    }

    private static byte[] payload(int size) {
        byte[] payload = new byte[size];
        for (int i = 0; i < size; i++) {
            payload[i] = (byte) (i * 31 + 2); // looks like tags and lengths
        }
        return payload;
    }

    private SerializedStream add(StreamElement next, int records, long watermark, boolean idle) {
        try {
            element.setInstance(next);
            ByteBuffer written = RecordWriter.serializeRecord(serializer, element);
            StreamPosition before = last().position;
            int size = written.remaining();
            byte[] copy = new byte[size];
            written.get(copy);
            bytes.write(copy);
            marks.add(new Mark(bytes.size(), before.plus(new StreamPosition(records, size)), watermark, idle));
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException("An element cannot be written to memory", e);
        }
    }
}
