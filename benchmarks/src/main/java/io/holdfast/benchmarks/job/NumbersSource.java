package io.holdfast.benchmarks.job;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Counts up from 0 in every split, at a given rate, to a given end. */
final class NumbersSource implements Source<Numbered, NumbersSplit, List<NumbersSplit>> {

    private static final long serialVersionUID = 1L;

    private final String directory;
    private final int splits;
    private final int recordsPerSecond;
    private final long recordsPerSplit;
    private final int payloadBytes;
    private final int keys;

    NumbersSource(JobSettings settings) {
        this.directory = settings.directory().toString();
        this.splits = settings.splits();
        this.recordsPerSecond = settings.recordsPerSecond();
        this.recordsPerSplit = settings.recordsPerSplit();
        this.payloadBytes = settings.payloadBytes();
        this.keys = settings.keys();
    }

    /** Although every split ends: the job is a streaming job. */
    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SplitEnumerator<NumbersSplit, List<NumbersSplit>> createEnumerator(
            SplitEnumeratorContext<NumbersSplit> context) {
        return new NumbersEnumerator(
                context,
                IntStream.range(0, splits)
                        .mapToObj(split -> new NumbersSplit(split, 0, NumbersSplit.NOT_BEGUN))
                        .toList());
    }

    @Override
    public SplitEnumerator<NumbersSplit, List<NumbersSplit>> restoreEnumerator(
            SplitEnumeratorContext<NumbersSplit> context, List<NumbersSplit> unassigned) {
        return new NumbersEnumerator(context, unassigned);
    }

    @Override
    public SourceReader<Numbered, NumbersSplit> createReader(SourceReaderContext context) throws Exception {
        FaultPoint faults = new FaultPoint(directory, NumbersJob.SOURCE, context.getIndexOfSubtask());
        faults.pass();
        int attempt = Integer.parseInt(context.metricGroup().getAllVariables().get("<task_attempt_num>"));
        double perMilli = (double) recordsPerSecond / splits / 1000;
        return new NumbersReader(faults, attempt, perMilli, recordsPerSplit, payloadBytes, keys);
    }

    @Override
    public SimpleVersionedSerializer<NumbersSplit> getSplitSerializer() {
        return new NumbersSplit.Serializer();
    }

    @Override
    public SimpleVersionedSerializer<List<NumbersSplit>> getEnumeratorCheckpointSerializer() {
        return new NumbersEnumerator.Serializer();
    }
}
