package io.holdfast.demo.flights;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** Notes when each line arrived, in a file per subtask and attempt. Takes part in no transaction. */
final class ArrivalSink implements Sink<AirportLine> {

    private static final long serialVersionUID = 1L;

    private final String directory;

    ArrivalSink(RunDirectory run) {
        this.directory = run.arrivals().toString();
    }

    @Override
    public SinkWriter<AirportLine> createWriter(WriterInitContext context) throws IOException {
        TaskInfo task = context.getTaskInfo();
        return new Writer(
                ArrivalFile.create(Path.of(directory), task.getIndexOfThisSubtask(), task.getAttemptNumber()));
    }

    private record Writer(ArrivalFile file) implements SinkWriter<AirportLine> {

        @Override
        public void write(AirportLine line, Context context) throws IOException {
            file.append(
                    line.split(), line.sequence(), line.lane(), line.airport().hashCode(), System.currentTimeMillis());
        }

        @Override
        public void flush(boolean endOfInput) {}

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
