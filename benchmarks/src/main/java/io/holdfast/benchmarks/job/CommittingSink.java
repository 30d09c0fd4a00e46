package io.holdfast.benchmarks.job;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Notes when each record arrived, in two phases: a file per checkpoint is written beside the output, and moved into it
 * once the checkpoint has completed. Moving it again does nothing. What arrived at all, committed or not, is noted at
 * once in a file per attempt.
 */
final class CommittingSink implements Sink<Counted>, SupportsCommitter<String> {

    private static final long serialVersionUID = 1L;

    private final String directory;

    CommittingSink(Path directory) {
        this.directory = directory.toString();
    }

    @Override
    public CommittingSinkWriter<Counted, String> createWriter(WriterInitContext context) throws IOException {
        TaskInfo task = context.getTaskInfo();
        Inspection inspection = new Inspection(directory, NumbersJob.SINK, task.getIndexOfThisSubtask());
        RunDirectory run = new RunDirectory(Path.of(directory));
        int attempt = run.attempt(context.metricGroup());
        ArrivalFile received = ArrivalFile.create(
                ArrivalFiles.receivedFile(run, task.getIndexOfThisSubtask(), attempt), ArrivalFile.Position.START);
        return new Writer(run, task.getIndexOfThisSubtask(), attempt, inspection, received);
    }

    @Override
    public Committer<String> createCommitter(CommitterInitContext context) {
        return new Mover(new RunDirectory(Path.of(directory)));
    }

    @Override
    public SimpleVersionedSerializer<String> getCommittableSerializer() {
        return new NameSerializer();
    }

    private static final class Writer implements CommittingSinkWriter<Counted, String> {

        private final RunDirectory run;
        private final int subtask;
        private final int attempt;
        private final Inspection inspection;
        private final ArrivalFile received;
        private ByteBuffer open = ByteBuffer.allocate(Arrival.BYTES << 10);
        private int files;

        Writer(RunDirectory run, int subtask, int attempt, Inspection inspection, ArrivalFile received) {
            this.run = run;
            this.subtask = subtask;
            this.attempt = attempt;
            this.inspection = inspection;
            this.received = received;
        }

        @Override
        public void write(Counted record, Context context) throws IOException {
            inspection.pass(record.split(), record.sequence(), record.payload());
            if (!open.hasRemaining()) {
                open = ByteBuffer.allocate(open.capacity() * 2).put(open.flip());
            }
            long nowMillis = System.currentTimeMillis();
            Arrival.write(open, record, nowMillis);
            received.append(record, nowMillis);
        }

        @Override
        public void flush(boolean endOfInput) {}

        @Override
        public Collection<String> prepareCommit() throws IOException {
            if (open.position() == 0) {
                return List.of();
            }
            String name = ArrivalFiles.committedName(subtask, attempt, files++);
            byte[] bytes = new byte[open.position()];
            open.flip().get(bytes);
            open.clear();
            Files.write(run.pending().resolve(name), bytes);
            return List.of(name);
        }

        @Override
        public void close() throws IOException {
            received.close();
        }
    }

    private record Mover(RunDirectory run) implements Committer<String> {

        @Override
        public void commit(Collection<CommitRequest<String>> requests) throws IOException {
            for (CommitRequest<String> request : requests) {
                Path committed = run.arrivals().resolve(request.getCommittable());
                try {
                    Files.move(
                            run.pending().resolve(request.getCommittable()), committed, StandardCopyOption.ATOMIC_MOVE);
                } catch (NoSuchFileException e) {
                    if (!Files.exists(committed)) {
                        throw e;
                    }
                    request.signalAlreadyCommitted();
                }
            }
        }

        @Override
        public void close() {}
    }

    private static final class NameSerializer implements SimpleVersionedSerializer<String> {

        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(String name) {
            return name.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String deserialize(int version, byte[] serialized) {
            return new String(serialized, StandardCharsets.UTF_8);
        }
    }
}
