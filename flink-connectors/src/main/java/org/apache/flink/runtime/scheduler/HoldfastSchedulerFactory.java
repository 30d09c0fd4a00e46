package org.apache.flink.runtime.scheduler;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.flink.autopartition.AutoPartitionSettings;
import io.holdfast.flink.move.Leaving;
import io.holdfast.flink.move.MoveSettings;
import io.holdfast.flink.move.MoveSlots;
import io.holdfast.flink.move.Moves;
import io.holdfast.flink.restart.RestartSettings;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.TaskManagerOptions.TaskManagerLoadBalanceMode;
import org.apache.flink.core.failure.FailureEnricher;
import org.apache.flink.runtime.blob.BlobWriter;
import org.apache.flink.runtime.blocklist.BlocklistOperations;
import org.apache.flink.runtime.checkpoint.CheckpointRecoveryFactory;
import org.apache.flink.runtime.checkpoint.CheckpointsCleaner;
import org.apache.flink.runtime.clusterframework.types.ResourceProfile;
import org.apache.flink.runtime.concurrent.ComponentMainThreadExecutor;
import org.apache.flink.runtime.executiongraph.JobStatusListener;
import org.apache.flink.runtime.executiongraph.failover.RestartBackoffTimeStrategy;
import org.apache.flink.runtime.executiongraph.failover.RestartBackoffTimeStrategyFactoryLoader;
import org.apache.flink.runtime.io.network.partition.JobMasterPartitionTracker;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobmaster.ExecutionDeploymentTracker;
import org.apache.flink.runtime.jobmaster.slotpool.PhysicalSlotRequestBulkCheckerImpl;
import org.apache.flink.runtime.jobmaster.slotpool.SlotPool;
import org.apache.flink.runtime.jobmaster.slotpool.SlotPoolService;
import org.apache.flink.runtime.jobmaster.slotpool.SlotSelectionStrategy;
import org.apache.flink.runtime.metrics.groups.JobManagerJobMetricGroup;
import org.apache.flink.runtime.rpc.FatalErrorHandler;
import org.apache.flink.runtime.shuffle.HoldfastShuffleMaster;
import org.apache.flink.runtime.shuffle.ShuffleMaster;
import org.apache.flink.runtime.util.SlotSelectionStrategyUtils;
import org.apache.flink.streaming.api.graph.ExecutionPlan;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.util.clock.SystemClock;
import org.apache.flink.util.concurrent.ScheduledExecutorServiceAdapter;
import org.slf4j.Logger;

/**
 * Makes the scheduler of one managed job.
 *
 * <p>Follows Flink's {@link DefaultSchedulerFactory} and {@link
 * DefaultSchedulerComponents}, read at 2.2.1 and 2.3.0. Here because {@link
 * SlotSharingExecutionSlotAllocatorFactory} is package-private.
 */
public final class HoldfastSchedulerFactory implements SchedulerNGFactory {

    private final RestartSettings settings;
    private final AutoPartitionSettings autoPartition;
    private final MoveSettings moves;

    /** Dispatcher's main thread. */
    public HoldfastSchedulerFactory(RestartSettings settings, AutoPartitionSettings autoPartition, MoveSettings moves) {
        this.settings = settings;
        this.autoPartition = autoPartition;
        this.moves = moves;
    }

    /** JobMaster creation thread. */
    @Override
    public SchedulerNG createInstance(
            Logger log,
            ExecutionPlan plan,
            Executor ioExecutor,
            Configuration configuration,
            SlotPoolService slotPoolService,
            ScheduledExecutorService futureExecutor,
            ClassLoader userCode,
            CheckpointRecoveryFactory checkpoints,
            Duration rpcTimeout,
            BlobWriter blobWriter,
            JobManagerJobMetricGroup metrics,
            Duration slotRequestTimeout,
            ShuffleMaster<?> shuffleMaster,
            JobMasterPartitionTracker partitionTracker,
            ExecutionDeploymentTracker deploymentTracker,
            long initializationTimestamp,
            ComponentMainThreadExecutor mainThread,
            FatalErrorHandler fatalErrorHandler,
            JobStatusListener jobStatusListener,
            Collection<FailureEnricher> failureEnrichers,
            BlocklistOperations blocklist)
            throws Exception {
        if (!(shuffleMaster instanceof HoldfastShuffleMaster reattachable)) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "Holdfast's scheduler runs with shuffle master "
                            + shuffleMaster.getClass().getName(),
                    "Set shuffle-service-factory.class to Holdfast's on the JobManager");
        }
        JobGraph jobGraph = plan instanceof JobGraph graph ? graph : ((StreamGraph) plan).getJobGraph(userCode);
        SlotPool slotPool = slotPoolService
                .castInto(SlotPool.class)
                .orElseThrow(() -> new IllegalStateException("Holdfast's scheduler needs a slot pool"));
        Leaving leaving = new Leaving(System::currentTimeMillis);
        MoveSlots slots = new MoveSlots(slotPool, selection(jobGraph, configuration), isFineGrained(jobGraph), leaving);
        PhysicalSlotRequestBulkCheckerImpl bulks =
                PhysicalSlotRequestBulkCheckerImpl.createFromSlotPool(slotPool, SystemClock.getInstance());
        RestartBackoffTimeStrategy stockBackoff =
                RestartBackoffTimeStrategyFactoryLoader.createRestartBackoffTimeStrategyFactory(
                                jobGraph.getJobConfiguration(), configuration, jobGraph.isCheckpointingEnabled())
                        .create();
        ExecutionGraphFactory graphs = new DefaultExecutionGraphFactory(
                configuration,
                userCode,
                deploymentTracker,
                futureExecutor,
                ioExecutor,
                rpcTimeout,
                metrics,
                blobWriter,
                shuffleMaster,
                partitionTracker);
        return new HoldfastScheduler(
                log,
                jobGraph,
                ioExecutor,
                configuration,
                bulks::start,
                new ScheduledExecutorServiceAdapter(futureExecutor),
                userCode,
                new CheckpointsCleaner(configuration.get(CheckpointingOptions.CLEANER_PARALLEL_MODE)),
                checkpoints,
                metrics,
                stockBackoff,
                new SlotSharingExecutionSlotAllocatorFactory(
                        slots, true, bulks, slotRequestTimeout, slotSharing(configuration)),
                initializationTimestamp,
                mainThread,
                (job, status, timestamp) -> {
                    slotPool.setIsJobRestarting(status == JobStatus.RESTARTING);
                    jobStatusListener.jobStatusChanges(job, status, timestamp);
                },
                failureEnrichers,
                graphs,
                reattachable,
                rpcTimeout,
                SchedulerBase.computeVertexParallelismStore(jobGraph),
                slotPool,
                settings,
                autoPartition,
                new Moves(moves, slots, leaving),
                deploymentTracker);
    }

    private static boolean isFineGrained(JobGraph graph) {
        return graph.getSlotSharingGroups().stream()
                .anyMatch(group -> !group.getResourceProfile().equals(ResourceProfile.UNKNOWN));
    }

    private static boolean isBalanced(Configuration configuration) {
        return configuration.get(TaskManagerOptions.TASK_MANAGER_LOAD_BALANCE_MODE) == TaskManagerLoadBalanceMode.TASKS;
    }

    private static SlotSelectionStrategy selection(JobGraph graph, Configuration configuration) {
        return isBalanced(configuration)
                ? SlotSelectionStrategy.NoOpSlotSelectionStrategy.INSTANCE
                : SlotSelectionStrategyUtils.selectSlotSelectionStrategy(graph.getJobType(), configuration);
    }

    private static SlotSharingStrategy.Factory slotSharing(Configuration configuration) {
        return isBalanced(configuration)
                ? new TaskBalancedPreferredSlotSharingStrategy.Factory()
                : new LocalInputPreferredSlotSharingStrategy.Factory();
    }

    /** Any thread. */
    @Override
    public JobManagerOptions.SchedulerType getSchedulerType() {
        return JobManagerOptions.SchedulerType.Default;
    }
}
