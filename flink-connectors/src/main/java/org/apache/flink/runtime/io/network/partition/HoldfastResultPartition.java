package org.apache.flink.runtime.io.network.partition;

import io.holdfast.flink.exchange.Exchanges;
import io.holdfast.flink.exchange.TaskExchange;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.flink.runtime.io.network.buffer.BufferPool;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.apache.flink.util.function.SupplierWithException;

/**
 * A pipelined partition made of {@link HoldfastSubpartition}s. When its producer has finished it stays until the
 * JobMaster releases it: a consumer that restarts must learn where the stream ended.
 *
 * <p>Flink class: {@link PipelinedResultPartition}, read at 2.2.1 and 2.3.0. Here because {@code
 * onConsumedSubpartition} is package-private. No locks of its own.
 */
public final class HoldfastResultPartition extends PipelinedResultPartition implements TaskExchange.Output {

    private final Exchanges exchanges;
    private final TaskExchange task;

    /** TaskExecutor main thread, while the task is created. */
    HoldfastResultPartition(
            String owningTaskName,
            int partitionIndex,
            HoldfastShuffleDescriptor descriptor,
            ResultPartitionType partitionType,
            ResultSubpartition[] subpartitions,
            int numTargetKeyGroups,
            ResultPartitionManager partitionManager,
            SupplierWithException<BufferPool, IOException> bufferPoolFactory,
            Exchanges exchanges) {
        super(
                owningTaskName,
                partitionIndex,
                descriptor.getResultPartitionID(),
                partitionType,
                subpartitions,
                numTargetKeyGroups,
                partitionManager,
                null,
                bufferPoolFactory);
        this.exchanges = exchanges;
        this.task = exchanges.of(descriptor.getResultPartitionID().getProducerId());
        task.add(descriptor.jobId(), this);
    }

    /** Any thread. Number of the producer's attempt. */
    int attempt() {
        return partitionId.getProducerId().getAttemptNumber();
    }

    /** Task thread. */
    @Override
    public void emitRecord(ByteBuffer record, int targetSubpartition) throws IOException {
        ((HoldfastSubpartition) subpartitions[targetSubpartition]).writing(record);
        super.emitRecord(record, targetSubpartition);
    }

    /** Task thread. */
    @Override
    public void broadcastRecord(ByteBuffer record) throws IOException {
        for (ResultSubpartition subpartition : subpartitions) {
            ((HoldfastSubpartition) subpartition).writing(record);
        }
        super.broadcastRecord(record);
    }

    /** Netty thread; an attaching thread if the consumer is local. */
    @Override
    protected ResultSubpartitionView createSubpartitionView(
            int subpartitionIndex, BufferAvailabilityListener availabilityListener) throws IOException {
        try {
            return super.createSubpartitionView(subpartitionIndex, availabilityListener);
        } catch (IllegalStateException released) { // on a netty thread it would close the shared connection
            throw new PartitionNotFoundException(partitionId);
        }
    }

    /** Any thread. A consumer that has read to the end may be lost and come again. */
    @Override
    void onConsumedSubpartition(int subpartitionIndex) {}

    /** Any thread. */
    @Override
    protected void releaseInternal() {
        exchanges.remove(task, this);
        super.releaseInternal();
    }

    /** Task thread. Also when the partition was never set up, so that nothing will release it. */
    @Override
    public void fail(Throwable cause) {
        super.fail(cause);
        exchanges.remove(task, this);
    }

    /** TaskExecutor main thread. */
    @Override
    public IntermediateResultPartitionID partition() {
        return partitionId.getPartitionId();
    }

    /** TaskExecutor main thread. */
    @Override
    public void consumerLost(int subpartition) {
        ((HoldfastSubpartition) subpartitions[subpartition]).consumerLost();
    }

    /** TaskExecutor main thread. */
    @Override
    public void consumerFinished(int subpartition) {
        ((HoldfastSubpartition) subpartitions[subpartition]).consumerFinished();
    }
}
