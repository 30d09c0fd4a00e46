package io.holdfast.testing.job;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * One lane of a source and the position in it.
 *
 * @param next sequence number of the next record
 * @param startMillis wall clock when the lane began, or {@link #NOT_BEGUN}: record {@code n} is due {@code n / rate}
 *     later. A source that was away finds a backlog, as it would in a message log.
 */
public record PacedSplit(int lane, long next, long startMillis) implements SourceSplit {

    /** The lane begins when its first reader does. */
    public static final long NOT_BEGUN = 0;

    @Override
    public String splitId() {
        return Integer.toString(lane);
    }

    /** Three numbers, in order. */
    static final class Serializer implements SimpleVersionedSerializer<PacedSplit> {

        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(PacedSplit split) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeInt(split.lane);
            out.writeLong(split.next);
            out.writeLong(split.startMillis);
            return bytes.toByteArray();
        }

        @Override
        public PacedSplit deserialize(int version, byte[] serialized) throws IOException {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized));
            return new PacedSplit(in.readInt(), in.readLong(), in.readLong());
        }
    }
}
