package io.holdfast.benchmarks.job;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * One sequence of numbers and the position in it.
 *
 * @param next sequence number of the next record
 * @param startMillis wall clock when its first reader began, or {@link #NOT_BEGUN}: record {@code n} is due {@code n /
 *     rate} later, so that a source that was away finds a backlog
 */
record NumbersSplit(int split, long next, long startMillis) implements SourceSplit {

    static final long NOT_BEGUN = 0;

    @Override
    public String splitId() {
        return Integer.toString(split);
    }

    /** Three numbers, in order. */
    static final class Serializer implements SimpleVersionedSerializer<NumbersSplit> {

        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(NumbersSplit split) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeInt(split.split);
            out.writeLong(split.next);
            out.writeLong(split.startMillis);
            return bytes.toByteArray();
        }

        @Override
        public NumbersSplit deserialize(int version, byte[] serialized) throws IOException {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized));
            return new NumbersSplit(in.readInt(), in.readLong(), in.readLong());
        }
    }
}
