package io.holdfast.benchmarks.job;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** Counts records; the count of each attempt stands in a mapped file, where {@link ArrivalFiles#counted} reads it. */
final class CountingSink<T> implements Sink<T> {

    private static final long serialVersionUID = 1L;

    private final String directory;

    CountingSink(Path directory) {
        this.directory = directory.toString();
    }

    @Override
    public SinkWriter<T> createWriter(WriterInitContext context) throws IOException {
        TaskInfo task = context.getTaskInfo();
        Path file = ArrivalFiles.countFile(
                new RunDirectory(Path.of(directory)), task.getIndexOfThisSubtask(), task.getAttemptNumber());
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return new Writer<>(channel.map(FileChannel.MapMode.READ_WRITE, 0, Long.BYTES));
        }
    }

    private static final class Writer<T> implements SinkWriter<T> {

        private final MappedByteBuffer shown;
        private long count;

        Writer(MappedByteBuffer shown) {
            this.shown = shown;
        }

        @Override
        public void write(T record, Context context) {
            shown.putLong(0, ++count);
        }

        @Override
        public void flush(boolean endOfInput) {}

        @Override
        public void close() {}
    }
}
