package io.holdfast.flink;

import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.transformations.PartitionTransformation;
import org.apache.flink.streaming.runtime.partitioner.RebalancePartitioner;

/**
 * Automatic partitioning of one stream, whatever the cluster's configuration says.
 *
 * <pre>{@code
 * DataStream<Request> spread = AutoPartition.of(requests);
 * spread.map(new CallToASlowService());
 * }</pre>
 *
 * <p>Where Holdfast does not run the job, this is {@link DataStream#rebalance()}. The class must then come with the job:
 * stock Flink does not have it.
 */
public final class AutoPartition {

    /** How edges of such streams are called in a job graph. */
    public static final String SHIP_STRATEGY = "HOLDFAST_AUTO";

    private AutoPartition() {}

    /**
     * Main program of a job. The records of {@code stream}, each of which goes to the subtask that is expected to be done
     * with it first.
     */
    public static <T> DataStream<T> of(DataStream<T> stream) {
        return new DataStream<>(
                stream.getExecutionEnvironment(),
                new PartitionTransformation<>(stream.getTransformation(), new AutoPartitioner<>()));
    }

    /** Flink's round-robin, under another name. */
    private static final class AutoPartitioner<T> extends RebalancePartitioner<T> {

        private static final long serialVersionUID = 1L;

        /** Any thread. It becomes the name of the edge. */
        @Override
        public String toString() {
            return SHIP_STRATEGY;
        }
    }
}
