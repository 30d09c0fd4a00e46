package org.apache.flink.runtime.shuffle;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.common.JobID;

/**
 * Hands out re-attachable descriptors for the pipelined partitions of managed jobs, and Flink's own for all others.
 *
 * <p>Flink class: {@link NettyShuffleMaster}, read at 2.2.1 and 2.3.0. Here because {@link HoldfastShuffleDescriptor}
 * is.
 */
public final class HoldfastShuffleMaster extends NettyShuffleMaster {

    private final Set<JobID> managed = ConcurrentHashMap.newKeySet();

    /** JobManager start-up thread. */
    public HoldfastShuffleMaster(ShuffleMasterContext context) {
        super(context);
    }

    /** JobMaster main thread, before the job's first partition is registered. */
    public void manage(JobID jobId) {
        managed.add(jobId);
    }

    /** JobMaster main thread. */
    @Override
    public CompletableFuture<NettyShuffleDescriptor> registerPartitionWithProducer(
            JobID jobId, PartitionDescriptor partition, ProducerDescriptor producer) {
        if (managed.contains(jobId) && partition.getPartitionType().isPipelinedOrPipelinedBoundedResultPartition()) {
            return CompletableFuture.completedFuture(HoldfastShuffleDescriptor.of(jobId, partition, producer));
        }
        return super.registerPartitionWithProducer(jobId, partition, producer);
    }

    /** JobMaster main thread. */
    @Override
    public void unregisterJob(JobID jobId) {
        managed.remove(jobId);
        super.unregisterJob(jobId);
    }
}
