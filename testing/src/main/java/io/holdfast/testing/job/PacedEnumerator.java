package io.holdfast.testing.job;

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

/** Gives lane {@code i} to reader {@code i}, and again to its successor if no checkpoint holds it. */
final class PacedEnumerator implements SplitEnumerator<PacedSplit, List<PacedSplit>> {

    private final SplitEnumeratorContext<PacedSplit> context;
    private final Map<Integer, PacedSplit> unassigned;

    PacedEnumerator(SplitEnumeratorContext<PacedSplit> context, List<PacedSplit> unassigned) {
        this.context = context;
        this.unassigned =
                new TreeMap<>(unassigned.stream().collect(Collectors.toMap(PacedSplit::lane, split -> split)));
    }

    @Override
    public void start() {}

    @Override
    public void handleSplitRequest(int subtask, String host) {}

    @Override
    public void addReader(int subtask) {
        PacedSplit split = unassigned.remove(subtask);
        if (split != null) {
            context.assignSplit(split, subtask);
        }
    }

    @Override
    public void addSplitsBack(List<PacedSplit> splits, int subtask) {
        splits.forEach(split -> unassigned.put(split.lane(), split));
    }

    @Override
    public List<PacedSplit> snapshotState(long checkpointId) {
        return new ArrayList<>(unassigned.values());
    }

    @Override
    public void close() {}

    /** The unassigned splits. */
    static final class Serializer implements SimpleVersionedSerializer<List<PacedSplit>> {

        private final PacedSplit.Serializer splits = new PacedSplit.Serializer();

        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(List<PacedSplit> state) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeInt(state.size());
            for (PacedSplit split : state) {
                byte[] serialized = splits.serialize(split);
                out.writeInt(serialized.length);
                out.write(serialized);
            }
            return bytes.toByteArray();
        }

        @Override
        public List<PacedSplit> deserialize(int version, byte[] serialized) throws IOException {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized));
            int size = in.readInt();
            List<PacedSplit> state = new ArrayList<>(size);
            for (int i = 0; i < size; i++) {
                state.add(splits.deserialize(version, in.readNBytes(in.readInt())));
            }
            return state;
        }
    }
}
