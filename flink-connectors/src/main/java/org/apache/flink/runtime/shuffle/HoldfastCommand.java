package org.apache.flink.runtime.shuffle;

import java.io.Serializable;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;

/**
 * One command of a {@link HoldfastControl}. Each is idempotent: repeating it, or carrying it out late, changes nothing.
 *
 * <p>Here because messages between processes must be visible to Flink's RPC class loader.
 */
public sealed interface HoldfastCommand extends Serializable {

    /**
     * The producer of {@code partition} is lost. Its consumers stop reading from it at once, whatever it still sends.
     *
     * @param attempt number of the lost attempt
     * @param fence last checkpoint id handed out; every checkpoint up to it was aborted if it had not completed
     */
    record ProducerLost(IntermediateResultPartitionID partition, int attempt, long fence) implements HoldfastCommand {}

    /** A new attempt of a producer serves its partition; its consumers attach to it. {@code fence} as above. */
    record ProducerAt(HoldfastShuffleDescriptor descriptor, long fence) implements HoldfastCommand {}

    /** The consumer of a subpartition is lost: its producer stops waiting for it and discards until the next attaches. */
    record ConsumerLost(IntermediateResultPartitionID partition, int subpartition) implements HoldfastCommand {}

    /** The consumer of a subpartition has finished: what a restarted producer sends there is discarded for good. */
    record ConsumerFinished(IntermediateResultPartitionID partition, int subpartition) implements HoldfastCommand {}

    /**
     * How much the consumer of a subpartition gets, compared with others, where its producer may choose; elsewhere it
     * changes nothing. It holds for this attempt of the producer.
     *
     * @param weight 1 is the rule, 0 is nothing from the next decision on
     */
    record ReceiverWeight(IntermediateResultPartitionID partition, int subpartition, double weight)
            implements HoldfastCommand {

        /** Any thread. */
        public ReceiverWeight {
            if (!(weight >= 0 && weight <= 1)) {
                throw new IllegalArgumentException("weight must be in [0, 1]: " + weight);
            }
        }
    }
}
