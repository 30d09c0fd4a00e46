package org.apache.flink.runtime.io.network.partition;

import io.holdfast.flink.exchange.Exchanges;
import io.holdfast.flink.inflight.InFlightStore;
import java.io.IOException;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.flink.runtime.io.disk.BatchShuffleReadBufferPool;
import org.apache.flink.runtime.io.disk.FileChannelManager;
import org.apache.flink.runtime.io.network.buffer.BufferPool;
import org.apache.flink.runtime.io.network.buffer.NetworkBufferPool;
import org.apache.flink.runtime.io.network.partition.hybrid.tiered.shuffle.TieredResultPartitionFactory;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.apache.flink.runtime.shuffle.ShuffleDescriptor;
import org.apache.flink.runtime.taskmanager.NettyShuffleEnvironmentConfiguration;
import org.apache.flink.util.function.SupplierWithException;

/**
 * Makes re-attachable partitions where the JobMaster asks for them, and Flink's own everywhere else.
 *
 * <p>Flink class: {@link ResultPartitionFactory}, read at 2.2.1 and 2.3.0. Here because {@link HoldfastSubpartition}
 * is. No locks.
 */
public final class HoldfastResultPartitionFactory extends ResultPartitionFactory {

    private final ResultPartitionManager partitionManager;
    private final NettyShuffleEnvironmentConfiguration config;
    private final Exchanges exchanges;
    private final InFlightStore inFlight;

    /** TaskManager start-up thread. */
    public HoldfastResultPartitionFactory(
            ResultPartitionManager partitionManager,
            FileChannelManager fileChannelManager,
            NetworkBufferPool networkBufferPool,
            BatchShuffleReadBufferPool batchBufferPool,
            ScheduledExecutorService batchExecutor,
            NettyShuffleEnvironmentConfiguration config,
            TieredResultPartitionFactory tiers,
            Exchanges exchanges,
            InFlightStore inFlight) {
        super(
                partitionManager,
                fileChannelManager,
                networkBufferPool,
                batchBufferPool,
                batchExecutor,
                config.getBlockingSubpartitionType(),
                config.networkBuffersPerChannel(),
                config.floatingNetworkBuffersPerGate(),
                config.networkBufferSize(),
                config.startingBufferSize(),
                config.isBatchShuffleCompressionEnabled(),
                config.getCompressionCodec(),
                config.getMaxBuffersPerChannel(),
                config.sortShuffleMinBuffers(),
                config.sortShuffleMinParallelism(),
                config.isSSLEnabled(),
                config.getMaxOverdraftBuffersPerGate(),
                tiers);
        this.partitionManager = partitionManager;
        this.config = config;
        this.exchanges = exchanges;
        this.inFlight = inFlight;
    }

    /** TaskExecutor main thread, while the task is created. */
    @Override
    public ResultPartition create(
            String taskNameWithSubtaskAndId,
            int partitionIndex,
            ResultPartitionID id,
            ResultPartitionType type,
            int numberOfPartitions,
            int numberOfSubpartitions,
            int maxParallelism,
            boolean isBroadcast,
            ShuffleDescriptor shuffleDescriptor,
            SupplierWithException<BufferPool, IOException> bufferPoolFactory,
            boolean isNumberOfPartitionConsumerUndefined) {
        if (!(shuffleDescriptor instanceof HoldfastShuffleDescriptor descriptor)) {
            return super.create(
                    taskNameWithSubtaskAndId,
                    partitionIndex,
                    id,
                    type,
                    numberOfPartitions,
                    numberOfSubpartitions,
                    maxParallelism,
                    isBroadcast,
                    shuffleDescriptor,
                    bufferPoolFactory,
                    isNumberOfPartitionConsumerUndefined);
        }
        ResultSubpartition[] subpartitions = new ResultSubpartition[numberOfSubpartitions];
        HoldfastResultPartition partition = new HoldfastResultPartition(
                taskNameWithSubtaskAndId,
                partitionIndex,
                descriptor,
                type,
                subpartitions,
                maxParallelism,
                partitionManager,
                bufferPoolFactory,
                config.networkBufferSize(),
                exchanges,
                inFlight);
        for (int i = 0; i < subpartitions.length; i++) {
            subpartitions[i] = new HoldfastSubpartition(
                    i, config.networkBuffersPerChannel(), config.startingBufferSize(), partition);
        }
        partition.isNumberOfPartitionConsumerUndefined(isNumberOfPartitionConsumerUndefined);
        return partition;
    }
}
