package io.holdfast.benchmarks.autopartition;

import io.holdfast.testing.job.PacedSource;
import io.holdfast.testing.job.PacedSplit;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.java.tuple.Tuple3;

/** Sends what the open window asks for; a record is the window's number, when it was due, and ballast. */
final class LoadSource extends PacedSource<Tuple3<Long, Long, byte[]>> {

    private static final long serialVersionUID = 1L;

    private final String directory;
    private final int payloadBytes;

    LoadSource(ServingRun run, ServingRun.Settings settings) {
        super(settings.producers());
        directory = run.path().toString();
        payloadBytes = settings.payloadBytes();
    }

    @Override
    public SourceReader<Tuple3<Long, Long, byte[]>, PacedSplit> createReader(SourceReaderContext context)
            throws IOException {
        WindowFile window = new ServingRun(Path.of(directory)).window();
        return new LoadReader(window, context.getIndexOfSubtask(), lanes(), payloadBytes, System::nanoTime);
    }
}
