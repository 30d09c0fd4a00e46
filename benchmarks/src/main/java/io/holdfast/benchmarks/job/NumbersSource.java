package io.holdfast.benchmarks.job;

import io.holdfast.testing.job.FaultPoint;
import io.holdfast.testing.job.PacedSource;
import io.holdfast.testing.job.PacedSplit;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;

/** Counts up from 0 in every split, at a given rate, to a given end. */
final class NumbersSource extends PacedSource<Numbered> {

    private static final long serialVersionUID = 1L;

    private final String directory;
    private final int recordsPerSecond;
    private final long recordsPerSplit;
    private final int payloadBytes;
    private final int keys;

    NumbersSource(JobSettings settings) {
        super(settings.splits());
        this.directory = settings.directory().toString();
        this.recordsPerSecond = settings.recordsPerSecond();
        this.recordsPerSplit = settings.recordsPerSplit();
        this.payloadBytes = settings.payloadBytes();
        this.keys = settings.keys();
    }

    @Override
    public SourceReader<Numbered, PacedSplit> createReader(SourceReaderContext context) throws IOException {
        RunDirectory run = new RunDirectory(Path.of(directory));
        FaultPoint faults = new FaultPoint(run.failures(), NumbersJob.SOURCE, context.getIndexOfSubtask());
        faults.pass();
        run.gates().pass(RunDirectory.opening(NumbersJob.SOURCE, context.getIndexOfSubtask()));
        int attempt = run.attempt(context.metricGroup());
        double perSecond = (double) recordsPerSecond / lanes();
        return new NumbersReader(run, faults, attempt, perSecond, recordsPerSplit, payloadBytes, keys);
    }
}
