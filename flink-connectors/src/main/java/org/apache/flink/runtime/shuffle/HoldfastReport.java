package org.apache.flink.runtime.shuffle;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;

/**
 * What a gate tells the JobMaster after channels of it were attached to another attempt of their producer. It rides on
 * Flink's {@code JobMasterGateway.requestPartitionState} as the first argument, and is repeated until answered.
 *
 * <p>All positions are absolute, so that a report that was lost is made good by the next one.
 *
 * <p>Here because messages between processes must be visible to Flink's RPC class loader.
 */
public final class HoldfastReport extends IntermediateDataSetID {

    private static final long serialVersionUID = 1L;

    private final ExecutionAttemptID consumer;
    private final List<Attached> channels;

    /** Gate's reporting thread. */
    public HoldfastReport(IntermediateDataSetID dataSet, ExecutionAttemptID consumer, List<Attached> channels) {
        super(dataSet);
        this.consumer = consumer;
        this.channels = new ArrayList<>(channels);
    }

    /** Any thread. */
    public ExecutionAttemptID consumer() {
        return consumer;
    }

    /** Any thread. */
    public List<Attached> channels() {
        return channels;
    }

    /**
     * A channel was attached to attempt {@code attempt} of the producer of {@code partition}.
     *
     * @param start where in the producer's stream the consumer begins to read; everything before it, and not read by an
     *     earlier attachment, never reached this consumer
     * @param barriers where the producer's latest barriers lie
     * @param earlier attempts of this producer that the consumer read from before, oldest first
     * @param dropped what this attempt has sent after the consumer had reached the end of its input, and was dropped
     * @param ended the producer's stream was over before this consumer attached
     * @param synthetic the producer had finished and its partition was gone: the end of the stream was made up, and
     *     {@code start} is not known
     */
    public record Attached(
            IntermediateResultPartitionID partition,
            int attempt,
            StreamPosition start,
            BarrierPositions barriers,
            List<Read> earlier,
            StreamPosition dropped,
            boolean ended,
            boolean synthetic)
            implements Serializable {

        /** Any thread. The same, with more dropped. */
        public Attached dropping(StreamPosition more) {
            return new Attached(partition, attempt, start, barriers, earlier, more, ended, synthetic);
        }
    }

    /**
     * What a consumer read from one attachment that has ended.
     *
     * @param attempt number of the producer's attempt
     * @param start where in the producer's stream the consumer began to read
     * @param read how much it read; without what it dropped
     * @param barriers how much it had read when a barrier passed
     * @param dropped what came after the consumer had already reached the end of its input, and was dropped
     */
    public record Read(
            int attempt, StreamPosition start, StreamPosition read, BarrierPositions barriers, StreamPosition dropped)
            implements Serializable {}
}
