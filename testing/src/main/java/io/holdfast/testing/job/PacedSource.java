package io.holdfast.testing.job;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** A source of as many lanes as it has subtasks; each is one split, read by a {@link PacedReader}. */
public abstract class PacedSource<T> implements Source<T, PacedSplit, List<PacedSplit>> {

    private static final long serialVersionUID = 1L;

    private final int lanes;

    protected PacedSource(int lanes) {
        this.lanes = lanes;
    }

    protected final int lanes() {
        return lanes;
    }

    /** When the lanes of a job that starts begin. JobManager. */
    protected long startMillis() {
        return PacedSplit.NOT_BEGUN;
    }

    /** Even if every lane ends: the job is a streaming job. */
    @Override
    public final Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public final SplitEnumerator<PacedSplit, List<PacedSplit>> createEnumerator(
            SplitEnumeratorContext<PacedSplit> context) {
        long startMillis = startMillis();
        return restoreEnumerator(
                context,
                IntStream.range(0, lanes)
                        .mapToObj(lane -> new PacedSplit(lane, 0, startMillis))
                        .toList());
    }

    @Override
    public final SplitEnumerator<PacedSplit, List<PacedSplit>> restoreEnumerator(
            SplitEnumeratorContext<PacedSplit> context, List<PacedSplit> unassigned) {
        return new PacedEnumerator(context, unassigned);
    }

    @Override
    public final SimpleVersionedSerializer<PacedSplit> getSplitSerializer() {
        return new PacedSplit.Serializer();
    }

    @Override
    public final SimpleVersionedSerializer<List<PacedSplit>> getEnumeratorCheckpointSerializer() {
        return new PacedEnumerator.Serializer();
    }
}
