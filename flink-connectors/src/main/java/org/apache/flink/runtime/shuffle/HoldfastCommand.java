package org.apache.flink.runtime.shuffle;

import java.io.Serializable;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
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

    /**
     * The task stops for good behind its first barrier of a checkpoint {@code from} or later, savepoints aside: it reads,
     * emits and does nothing more, and leaves when it is cancelled. Fails if the attempt is not known to the TaskManager.
     */
    record Freeze(ExecutionAttemptID attempt, long from) implements HoldfastCommand {}

    /** Changes nothing, and fails unless the task has stopped behind the barrier of {@code checkpoint}. */
    record StandsAt(ExecutionAttemptID attempt, long checkpoint) implements HoldfastCommand {}

    /** A task that stopped, or was to, goes on as if nothing had been. */
    record Thaw(ExecutionAttemptID attempt) implements HoldfastCommand {}

    /**
     * Behind the first barrier of a checkpoint {@code from} or later, savepoints aside, nothing of a subpartition leaves to the consumer that
     * reads it now; it is kept for the next one, which begins right behind that barrier and has missed nothing. What that
     * one reads is kept as well, so that yet another one can begin there, until {@link Forget}. If the consumer goes away
     * before the barrier has left, that is an ordinary loss. Fails if the partition is not known to the TaskManager.
     */
    record Hold(IntermediateResultPartitionID partition, int subpartition, long from) implements HoldfastCommand {}

    /** Changes nothing, and fails unless what lies behind the barrier of {@code checkpoint} is held. */
    record HeldAt(IntermediateResultPartitionID partition, int subpartition, long checkpoint)
            implements HoldfastCommand {}

    /**
     * The consumer of a subpartition that was held gets everything, once it resumes; if it went away meanwhile, it is as if
     * it had gone just now. Changes nothing for a subpartition that a next consumer has attached to.
     */
    record Unhold(IntermediateResultPartitionID partition, int subpartition) implements HoldfastCommand {}

    /** What a subpartition keeps of what was read already is dropped; what was not read yet stays. */
    record Forget(IntermediateResultPartitionID partition, int subpartition) implements HoldfastCommand {}
}
