package org.apache.flink.runtime.shuffle;

import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.io.network.partition.ResultPartitionID;

/**
 * Location of one attempt of a producer whose partition and whose consumers' gates are re-attachable. Its class is the
 * switch: a TaskManager builds Holdfast's partition or gate for this descriptor and Flink's own for any other.
 *
 * <p>Flink class: {@link NettyShuffleDescriptor}, read at 2.2.1 and 2.3.0. Here because the connection information of a
 * producer is made by a package-private method, and because messages between processes must be visible to Flink's RPC
 * class loader, which knows {@code org.apache.flink} only.
 */
public final class HoldfastShuffleDescriptor extends NettyShuffleDescriptor {

    private static final long serialVersionUID = 1L;

    private final JobID jobId;
    private final Routing routing;

    /** Who says which consumer gets a record. */
    public enum Routing {
        /** The partitioner of the job. */
        GIVEN,
        /** The partition: the consumer that is expected to be done first. */
        SHORTEST_EXPECTED_DELAY,
        /** The partition: the better of two consumers. */
        POWER_OF_TWO_CHOICES
    }

    private HoldfastShuffleDescriptor(
            JobID jobId,
            ProducerDescriptor producer,
            PartitionConnectionInfo connection,
            ResultPartitionID partition,
            Routing routing) {
        super(producer.getProducerLocation(), connection, partition);
        this.jobId = jobId;
        this.routing = routing;
    }

    /** Any thread. The descriptor of {@code partition} as {@code producer} will serve it. */
    static HoldfastShuffleDescriptor of(
            JobID jobId, PartitionDescriptor partition, ProducerDescriptor producer, Routing routing) {
        PartitionConnectionInfo connection = producer.getDataPort() >= 0
                ? NetworkPartitionConnectionInfo.fromProducerDescriptor(producer, partition.getConnectionIndex())
                : LocalExecutionPartitionConnectionInfo.INSTANCE;
        ResultPartitionID id = new ResultPartitionID(partition.getPartitionId(), producer.getProducerExecutionId());
        return new HoldfastShuffleDescriptor(jobId, producer, connection, id, routing);
    }

    /** Any thread. */
    public JobID jobId() {
        return jobId;
    }

    /** Any thread. Both ends need to know: the producer chooses, and consumers tell it what they have consumed. */
    public Routing routing() {
        return routing;
    }

    /** Any thread. Number of the producer's attempt; a higher one replaces a lower one. */
    public int attempt() {
        return getResultPartitionID().getProducerId().getAttemptNumber();
    }
}
