package io.holdfast.demo.flights;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * One lane of the replay and its position.
 *
 * @param next sequence number of the next flight
 * @param startMillis wall clock when the replay began: flight {@code n} is due {@code n / rate} later. A source that was
 *     away finds a backlog, as it would in a message log.
 */
record FlightSplit(int split, long next, long startMillis) implements SourceSplit {

    @Override
    public String splitId() {
        return Integer.toString(split);
    }

    /** Three numbers, in order. */
    static final class Serializer implements SimpleVersionedSerializer<FlightSplit> {

        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(FlightSplit split) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeInt(split.split);
            out.writeLong(split.next);
            out.writeLong(split.startMillis);
            return bytes.toByteArray();
        }

        @Override
        public FlightSplit deserialize(int version, byte[] serialized) throws IOException {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized));
            return new FlightSplit(in.readInt(), in.readLong(), in.readLong());
        }
    }
}
