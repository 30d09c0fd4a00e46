package org.apache.flink.runtime.shuffle;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor.Routing;

/**
 * Hands out re-attachable descriptors for the pipelined partitions of managed jobs, and Flink's own for all others.
 *
 * <p>Flink class: {@link NettyShuffleMaster}, read at 2.2.1 and 2.3.0. Here because {@link HoldfastShuffleDescriptor}
 * is.
 *
 * <p>Happens-before: the main threads of many JobMasters share the concurrent map, each with its own job.
 */
public final class HoldfastShuffleMaster extends NettyShuffleMaster {

    private final Map<JobID, Map<IntermediateDataSetID, Routing>> managed = new ConcurrentHashMap<>();

    /** JobManager start-up thread. */
    public HoldfastShuffleMaster(ShuffleMasterContext context) {
        super(context);
    }

    /**
     * JobMaster main thread, before the job's first partition is registered.
     *
     * @param routings of data sets whose producers choose the consumer of a record
     */
    public void manage(JobID jobId, Map<IntermediateDataSetID, Routing> routings) {
        managed.put(jobId, Map.copyOf(routings));
    }

    /** JobMaster main thread. */
    @Override
    public CompletableFuture<NettyShuffleDescriptor> registerPartitionWithProducer(
            JobID jobId, PartitionDescriptor partition, ProducerDescriptor producer) {
        Map<IntermediateDataSetID, Routing> routings = managed.get(jobId);
        if (routings != null && partition.getPartitionType().isPipelinedOrPipelinedBoundedResultPartition()) {
            Routing routing = routings.getOrDefault(partition.getResultId(), Routing.GIVEN);
            return CompletableFuture.completedFuture(HoldfastShuffleDescriptor.of(jobId, partition, producer, routing));
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
