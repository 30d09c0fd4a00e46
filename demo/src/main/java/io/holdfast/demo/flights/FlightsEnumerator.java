package io.holdfast.demo.flights;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Gives split {@code i} to reader {@code i}, and again to its successor if no checkpoint holds it. */
final class FlightsEnumerator implements SplitEnumerator<FlightSplit, List<FlightSplit>> {

    private final SplitEnumeratorContext<FlightSplit> context;
    private final Map<Integer, FlightSplit> unassigned;

    FlightsEnumerator(SplitEnumeratorContext<FlightSplit> context, List<FlightSplit> unassigned) {
        this.context = context;
        this.unassigned =
                new TreeMap<>(unassigned.stream().collect(Collectors.toMap(FlightSplit::split, split -> split)));
    }

    @Override
    public void start() {}

    @Override
    public void handleSplitRequest(int subtask, String host) {}

    @Override
    public void addReader(int subtask) {
        FlightSplit split = unassigned.remove(subtask);
        if (split != null) {
            context.assignSplit(split, subtask);
        }
    }

    @Override
    public void addSplitsBack(List<FlightSplit> splits, int subtask) {
        splits.forEach(split -> unassigned.put(split.split(), split));
    }

    @Override
    public List<FlightSplit> snapshotState(long checkpointId) {
        return new ArrayList<>(unassigned.values());
    }

    @Override
    public void close() {}

    /** The unassigned splits. */
    static final class Serializer implements SimpleVersionedSerializer<List<FlightSplit>> {

        private final FlightSplit.Serializer splits = new FlightSplit.Serializer();

        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(List<FlightSplit> state) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeInt(state.size());
            for (FlightSplit split : state) {
                byte[] serialized = splits.serialize(split);
                out.writeInt(serialized.length);
                out.write(serialized);
            }
            return bytes.toByteArray();
        }

        @Override
        public List<FlightSplit> deserialize(int version, byte[] serialized) throws IOException {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized));
            int size = in.readInt();
            List<FlightSplit> state = new ArrayList<>(size);
            for (int i = 0; i < size; i++) {
                state.add(splits.deserialize(version, in.readNBytes(in.readInt())));
            }
            return state;
        }
    }
}
