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

    private HoldfastShuffleDescriptor(
            JobID jobId, ProducerDescriptor producer, PartitionConnectionInfo connection, ResultPartitionID partition) {
        super(producer.getProducerLocation(), connection, partition);
        this.jobId = jobId;
    }

    /** Any thread. The descriptor of {@code partition} as {@code producer} will serve it. */
    static HoldfastShuffleDescriptor of(JobID jobId, PartitionDescriptor partition, ProducerDescriptor producer) {
        PartitionConnectionInfo connection = producer.getDataPort() >= 0
                ? NetworkPartitionConnectionInfo.fromProducerDescriptor(producer, partition.getConnectionIndex())
                : LocalExecutionPartitionConnectionInfo.INSTANCE;
        ResultPartitionID id = new ResultPartitionID(partition.getPartitionId(), producer.getProducerExecutionId());
        return new HoldfastShuffleDescriptor(jobId, producer, connection, id);
    }

    /** Any thread. */
    public JobID jobId() {
        return jobId;
    }

    /** Any thread. Number of the producer's attempt; a higher one replaces a lower one. */
    public int attempt() {
        return getResultPartitionID().getProducerId().getAttemptNumber();
    }
}
