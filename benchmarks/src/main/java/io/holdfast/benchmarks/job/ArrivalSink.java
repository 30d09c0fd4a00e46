package io.holdfast.benchmarks.job;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Notes when each record arrived, in a file per subtask and attempt, at once: what it wrote stays, whatever becomes of
 * the checkpoint. Its state is how far it came, so that what a lost attempt wrote after its last checkpoint can be told
 * from what the job still knows of.
 */
final class ArrivalSink implements Sink<Counted>, SupportsWriterState<Counted, ArrivalFile.Position> {

    private static final long serialVersionUID = 1L;

    private final String directory;

    ArrivalSink(Path directory) {
        this.directory = directory.toString();
    }

    @Override
    public StatefulSinkWriter<Counted, ArrivalFile.Position> createWriter(WriterInitContext context)
            throws IOException {
        return restoreWriter(context, List.of());
    }

    @Override
    public StatefulSinkWriter<Counted, ArrivalFile.Position> restoreWriter(
            WriterInitContext context, Collection<ArrivalFile.Position> state) throws IOException {
        TaskInfo task = context.getTaskInfo();
        Inspection inspection = new Inspection(directory, NumbersJob.SINK, task.getIndexOfThisSubtask());
        ArrivalFile.Position restored = state.stream().findFirst().orElse(ArrivalFile.Position.START);
        RunDirectory run = new RunDirectory(Path.of(directory));
        int attempt = run.attempt(context.metricGroup());
        Path file = ArrivalFiles.file(run, task.getIndexOfThisSubtask(), attempt);
        return new Writer(ArrivalFile.create(file, restored), attempt, inspection);
    }

    @Override
    public SimpleVersionedSerializer<ArrivalFile.Position> getWriterStateSerializer() {
        return new PositionSerializer();
    }

    private record Writer(ArrivalFile file, int attempt, Inspection inspection)
            implements StatefulSinkWriter<Counted, ArrivalFile.Position> {

        @Override
        public void write(Counted record, Context context) throws IOException {
            inspection.pass(record.split(), record.sequence(), record.payload());
            file.append(record, System.currentTimeMillis());
        }

        @Override
        public void flush(boolean endOfInput) {}

        @Override
        public List<ArrivalFile.Position> snapshotState(long checkpointId) throws IOException {
            inspection.snapshot(checkpointId);
            return List.of(new ArrivalFile.Position(attempt, file.count()));
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    private static final class PositionSerializer implements SimpleVersionedSerializer<ArrivalFile.Position> {

        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(ArrivalFile.Position position) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeInt(position.attempt());
            out.writeLong(position.count());
            return bytes.toByteArray();
        }

        @Override
        public ArrivalFile.Position deserialize(int version, byte[] serialized) throws IOException {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized));
            return new ArrivalFile.Position(in.readInt(), in.readLong());
        }
    }
}
