package org.apache.flink.runtime.scheduler;

import io.holdfast.flink.autopartition.AutoPartitionPolicy;
import io.holdfast.flink.autopartition.AutoPartitionSettings;
import io.holdfast.flink.move.Moves;
import io.holdfast.flink.restart.CheckpointWatch;
import io.holdfast.flink.restart.CommitPath;
import io.holdfast.flink.restart.EligibilityPolicy;
import io.holdfast.flink.restart.LedgerArchive;
import io.holdfast.flink.restart.PromptMainThread;
import io.holdfast.flink.restart.ReceiverWeights;
import io.holdfast.flink.restart.RestartHost;
import io.holdfast.flink.restart.RestartSettings;
import io.holdfast.flink.restart.SinglePointBackoff;
import io.holdfast.flink.restart.SinglePointRestart;
import io.holdfast.flink.restart.SubtaskStateRestorer;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.annotation.Nullable;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.failure.FailureEnricher;
import org.apache.flink.runtime.checkpoint.CheckpointCoordinator;
import org.apache.flink.runtime.checkpoint.CheckpointException;
import org.apache.flink.runtime.checkpoint.CheckpointFailureReason;
import org.apache.flink.runtime.checkpoint.CheckpointRecoveryFactory;
import org.apache.flink.runtime.checkpoint.CheckpointsCleaner;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.HoldfastPendingCheckpoints;
import org.apache.flink.runtime.concurrent.ComponentMainThreadExecutor;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.DefaultExecutionGraph;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionJobVertex;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.executiongraph.IntermediateResultPartition;
import org.apache.flink.runtime.executiongraph.JobStatusListener;
import org.apache.flink.runtime.executiongraph.TaskExecutionStateTransition;
import org.apache.flink.runtime.executiongraph.failover.RestartBackoffTimeStrategy;
import org.apache.flink.runtime.executiongraph.failover.RestartPipelinedRegionFailoverStrategy;
import org.apache.flink.runtime.io.network.partition.ResultPartitionID;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.jobmanager.PartitionProducerDisposedException;
import org.apache.flink.runtime.jobmaster.ExecutionDeploymentTracker;
import org.apache.flink.runtime.jobmaster.slotpool.SlotPool;
import org.apache.flink.runtime.metrics.groups.JobManagerJobMetricGroup;
import org.apache.flink.runtime.operators.coordination.CoordinationRequest;
import org.apache.flink.runtime.operators.coordination.CoordinationResponse;
import org.apache.flink.runtime.operators.coordination.OperatorCoordinator;
import org.apache.flink.runtime.operators.coordination.OperatorCoordinatorHolder;
import org.apache.flink.runtime.scheduler.adaptivebatch.NonAdaptiveExecutionPlanSchedulingContext;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.shuffle.HoldfastReport;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor.Routing;
import org.apache.flink.runtime.shuffle.HoldfastShuffleMaster;
import org.apache.flink.runtime.webmonitor.LedgerRequest;
import org.apache.flink.runtime.webmonitor.LedgerResponse;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.runtime.webmonitor.WeightRequest;
import org.apache.flink.util.FlinkException;
import org.apache.flink.util.concurrent.ScheduledExecutor;
import org.slf4j.Logger;

/**
 * Flink's scheduler, which restarts a lost task alone where {@link SinglePointRestart} says so and is stock Flink's
 * everywhere else. This class opens doors; decisions and accounts are in {@code io.holdfast.flink.restart}.
 *
 * <p>Flink class: {@link DefaultScheduler}, read at 2.2.1 and 2.3.0. Here because {@code getCheckpointCoordinator} and
 * {@code getVertexEndOfDataListener} are package-private. JobMaster main thread only, unless a method says otherwise.
 */
final class HoldfastScheduler extends DefaultScheduler implements RestartHost {

    private final HoldfastShuffleMaster shuffleMaster;
    private final SlotPool slotPool;
    private final ClassLoader userCode;
    private final Duration rpcTimeout;
    private final Logger log;
    private final Parts parts;
    private final AutoPartitionSettings autoPartition;
    private final MoveOperations moveOperations;
    private final SlotErrands errands;
    private String fallbackReason;
    private boolean stopping;

    /** What the super constructor needs and this object uses: it must exist before either. */
    private record Parts(
            SinglePointRestart restart,
            ReceiverWeights weights,
            SinglePointBackoff backoff,
            ParkingExecutionOperations operations,
            CheckpointWatch checkpoints,
            PromptMainThread mainThread,
            ExecutionVertexVersioner versioner,
            Moves moves) {

        static Parts of(
                RestartBackoffTimeStrategy stockBackoff,
                CheckpointRecoveryFactory checkpoints,
                ComponentMainThreadExecutor mainThread,
                RestartSettings settings,
                Moves moves) {
            SinglePointRestart restart = new SinglePointRestart(settings);
            return new Parts(
                    restart,
                    new ReceiverWeights(),
                    new SinglePointBackoff(stockBackoff, restart),
                    new ParkingExecutionOperations(),
                    new CheckpointWatch(checkpoints),
                    new PromptMainThread(mainThread),
                    new ExecutionVertexVersioner(),
                    moves);
        }

        /** The ledger outlives the job. It is kept as soon as what ended the job is booked, before the scheduler closes. */
        JobStatusListener keepingTheLedger(JobStatusListener stock) {
            return (job, status, timestamp) -> {
                if (status.isGloballyTerminalState()) {
                    mainThread.execute(() -> LedgerArchive.INSTANCE.keep(job, restart.view()));
                }
                stock.jobStatusChanges(job, status, timestamp);
            };
        }
    }

    /** JobMaster creation thread. */
    HoldfastScheduler(
            Logger log,
            JobGraph jobGraph,
            Executor ioExecutor,
            Configuration configuration,
            Consumer<ComponentMainThreadExecutor> startUpAction,
            ScheduledExecutor delayExecutor,
            ClassLoader userCode,
            CheckpointsCleaner cleaner,
            CheckpointRecoveryFactory checkpoints,
            JobManagerJobMetricGroup metrics,
            RestartBackoffTimeStrategy stockBackoff,
            ExecutionSlotAllocatorFactory slots,
            long initializationTimestamp,
            ComponentMainThreadExecutor mainThread,
            JobStatusListener jobStatusListener,
            Collection<FailureEnricher> failureEnrichers,
            ExecutionGraphFactory graphs,
            HoldfastShuffleMaster shuffleMaster,
            Duration rpcTimeout,
            VertexParallelismStore parallelism,
            SlotPool slotPool,
            RestartSettings settings,
            AutoPartitionSettings autoPartition,
            Moves moves,
            ExecutionDeploymentTracker deployments)
            throws Exception {
        this(
                Parts.of(stockBackoff, checkpoints, mainThread, settings, moves),
                log,
                jobGraph,
                ioExecutor,
                configuration,
                startUpAction,
                delayExecutor,
                userCode,
                cleaner,
                metrics,
                slots,
                initializationTimestamp,
                jobStatusListener,
                failureEnrichers,
                graphs,
                shuffleMaster,
                rpcTimeout,
                parallelism,
                slotPool,
                autoPartition,
                deployments);
    }

    private HoldfastScheduler(
            Parts parts,
            Logger log,
            JobGraph jobGraph,
            Executor ioExecutor,
            Configuration configuration,
            Consumer<ComponentMainThreadExecutor> startUpAction,
            ScheduledExecutor delayExecutor,
            ClassLoader userCode,
            CheckpointsCleaner cleaner,
            JobManagerJobMetricGroup metrics,
            ExecutionSlotAllocatorFactory slots,
            long initializationTimestamp,
            JobStatusListener jobStatusListener,
            Collection<FailureEnricher> failureEnrichers,
            ExecutionGraphFactory graphs,
            HoldfastShuffleMaster shuffleMaster,
            Duration rpcTimeout,
            VertexParallelismStore parallelism,
            SlotPool slotPool,
            AutoPartitionSettings autoPartition,
            ExecutionDeploymentTracker deployments)
            throws Exception {
        super(
                log,
                jobGraph,
                ioExecutor,
                configuration,
                startUpAction,
                delayExecutor,
                userCode,
                cleaner,
                parts.checkpoints,
                metrics,
                SinglePointSchedulingStrategy::new,
                (topology, availability) ->
                        parts.restart.failover(new RestartPipelinedRegionFailoverStrategy(topology, availability)),
                parts.backoff,
                parts.operations,
                parts.versioner,
                slots,
                initializationTimestamp,
                parts.mainThread,
                parts.keepingTheLedger(jobStatusListener),
                failureEnrichers,
                graphs,
                shuffleMaster,
                rpcTimeout,
                parallelism,
                new DefaultExecutionDeployer.Factory(),
                NonAdaptiveExecutionPlanSchedulingContext.INSTANCE);
        this.log = log;
        this.parts = parts;
        this.shuffleMaster = shuffleMaster;
        this.slotPool = slotPool;
        this.userCode = userCode;
        this.rpcTimeout = rpcTimeout;
        this.autoPartition = autoPartition;
        parts.restart.start(this, metrics);
        parts.weights.start(this);
        parts.operations.start(this);
        errands = new SlotErrands(this, deployments, userCode, rpcTimeout);
        moveOperations = new MoveOperations(this, parts.versioner, parts.restart, parts.weights, errands);
        parts.moves.start(moveOperations, metrics);
        parts.checkpoints.onCompleted(id -> getMainThreadExecutor().execute(() -> checkpointCompleted(id)));
    }

    // ------------------------------------------------------------------ Flink's hooks

    @Override
    protected void startSchedulingInternal() {
        Optional<String> against = EligibilityPolicy.reasonAgainst(getJobGraph(), latestCheckpoint());
        if (against.isEmpty()) {
            EligibilityPolicy.reasonToCountAtMost(getJobGraph()).ifPresent(parts.restart::countAtMost);
            Optional<Set<JobVertexID>> committing = keepCommittersTogether();
            Map<IntermediateDataSetID, Routing> routings = committing
                    .map(vertices -> AutoPartitionPolicy.routings(getJobGraph(), autoPartition, vertices))
                    .orElse(Map.of());
            shuffleMaster.manage(getJobId(), routings);
            parts.weights.choosing(routings.keySet());
        } else {
            parts.restart.disable(against.get());
            autoPartitionIsOff(against.get());
        }
        super.startSchedulingInternal();
    }

    private Optional<Set<JobVertexID>> keepCommittersTogether() {
        try {
            Set<JobVertexID> committing = CommitPath.of(getJobGraph(), userCode);
            parts.restart.keepTogether(committing);
            return Optional.of(committing);
        } catch (RuntimeException | LinkageError e) { // a serializer that only TaskManagers can load
            log.warn("The job's vertices cannot be examined", e);
            String reason = "its sinks cannot be examined: " + SinglePointRestart.firstLine(e);
            parts.restart.disable(reason);
            autoPartitionIsOff(reason);
            return Optional.empty();
        }
    }

    private void autoPartitionIsOff(String reason) {
        if (autoPartition.enabled()) {
            log.info("Auto-partition is off for this job: job={} reason={}", getJobId(), reason);
        }
    }

    @Override
    public boolean updateTaskExecutionState(TaskExecutionStateTransition transition) {
        if (errands.updated(transition)) {
            return true;
        }
        Execution execution = getExecutionGraph().getRegisteredExecutions().get(transition.getID());
        if (execution != null && transition.getExecutionState() == ExecutionState.FAILED) {
            parts.restart.slotLost(execution, transition.getCancelTask()); // set where Flink itself fails the task
            stopping = isStopping(); // the coordinator forgets it before the failure is handled
        }
        boolean updated;
        try {
            updated = super.updateTaskExecutionState(transition);
        } finally {
            stopping = false;
        }
        if (updated && execution != null) {
            parts.restart.updated(execution);
            parts.weights.updated(execution);
            parts.moves.updated(execution);
        }
        return updated;
    }

    @Override
    protected void handleTaskFailure(Execution failed, @Nullable Throwable error) {
        if (moveOperations.isStopping(failed)) { // it starts again at once
            notifyCoordinatorsAboutTaskFailure(failed, error);
            return;
        }
        parts.restart.failed(failed, error, EligibilityPolicy.reasonAgainstNow(stopping || isStopping()));
        if (parts.restart.isLocal()) {
            abortPendingCheckpoints();
            parts.moves.taskFailed();
        } else {
            parts.moves.regionsRestart(SinglePointRestart.firstLine(error));
        }
        super.handleTaskFailure(failed, error);
    }

    @Override
    public void handleGlobalFailure(Throwable error) {
        String reason = fallbackReason == null ? SinglePointRestart.firstLine(error) : fallbackReason;
        parts.restart.failedGlobally(reason);
        parts.moves.regionsRestart(reason);
        fallbackReason = null;
        super.handleGlobalFailure(error);
    }

    /** A local restart is not a restart of the job: it stays RUNNING, and its checkpoints go on. */
    @Override
    protected void transitionExecutionGraphState(JobStatus current, JobStatus next) {
        if (current == JobStatus.RUNNING && next == JobStatus.RESTARTING && parts.restart.isLocal()) {
            slotPool.setIsJobRestarting(true); // slots of TaskManagers that come back are taken at once
            return;
        }
        super.transitionExecutionGraphState(current, next);
    }

    @Override
    protected void restoreState(Set<ExecutionVertexID> vertices, boolean isGlobalRecovery) throws Exception {
        if (isGlobalRecovery || !parts.restart.restartsAlone(vertices)) {
            super.restoreState(vertices, isGlobalRecovery);
            return;
        }
        getVertexEndOfDataListener().restoreVertices(vertices);
        abortPendingCheckpoints();
        CompletedCheckpoint latest = latestCheckpoint();
        if (latest == null && parts.checkpoints.lastCompleted() >= 0) {
            throw new FlinkException("Checkpoint " + parts.checkpoints.lastCompleted()
                    + " had completed but the checkpoint store is empty: restarting a task alone would lose its state");
        }
        if (latest != null) {
            SubtaskStateRestorer.restore(vertices, getExecutionGraph(), latest, getCheckpointCoordinator());
        }
        OptionalLong id = latest == null ? OptionalLong.empty() : OptionalLong.of(latest.getCheckpointID());
        for (ExecutionVertexID vertex : vertices) {
            for (OperatorCoordinatorHolder coordinator :
                    getExecutionVertex(vertex).getJobVertex().getOperatorCoordinators()) {
                forgetCheckpoints(coordinator);
                coordinator.subtaskReset(vertex.getSubtaskIndex(), id.orElse(OperatorCoordinator.NO_CHECKPOINT));
            }
            parts.restart.restored(getExecutionVertex(vertex).getCurrentExecutionAttempt(), id);
        }
    }

    /**
     * A checkpoint may be aborted before its coordinators have heard of it. They then mark and close their gateways for it
     * later, Flink's word that it is aborted has been in vain, and events to subtasks, such as splits, would wait for ever.
     */
    private void checkpointCompleted(long id) {
        parts.restart.checkpointCompleted(id);
        parts.moves.checkpointCompleted(id);
        CheckpointCoordinator coordinator = getCheckpointCoordinator();
        boolean over = coordinator == null; // the job has ended meanwhile
        if (!over && coordinator.getNumberOfPendingCheckpoints() == 0) { // so whatever is marked is outdated
            for (ExecutionJobVertex vertex : getExecutionGraph().getVerticesTopologically()) {
                vertex.getOperatorCoordinators().forEach(this::forgetCheckpoints);
            }
        }
    }

    /**
     * A coordinator marks its gateways to all subtasks when a checkpoint begins and closes the marked ones a moment later.
     * Between the two the gateway to the lost subtask is replaced, and Flink ends the JobManager if some are marked and
     * others are not. All checkpoints that could be meant are aborted, so none needs to be marked.
     */
    private void forgetCheckpoints(OperatorCoordinatorHolder coordinator) {
        if (getCheckpointCoordinator() != null) {
            int atOnce = getJobGraph()
                    .getCheckpointingSettings()
                    .getCheckpointCoordinatorConfiguration()
                    .getMaxConcurrentCheckpoints();
            for (int i = 0; i < atOnce; i++) { // each time the last of them
                parts.mainThread.promptly(coordinator::abortCurrentTriggering);
            }
        }
    }

    @Nullable
    CompletedCheckpoint latestCheckpoint() {
        CheckpointCoordinator coordinator = getCheckpointCoordinator();
        return coordinator == null ? null : coordinator.getCheckpointStore().getLatestCheckpoint();
    }

    private boolean isStopping() {
        CheckpointCoordinator coordinator = getCheckpointCoordinator();
        return coordinator != null && HoldfastPendingCheckpoints.anySynchronous(coordinator);
    }

    @Override
    public void abortPendingCheckpoints() {
        CheckpointCoordinator coordinator = getCheckpointCoordinator();
        if (coordinator != null) {
            coordinator.abortPendingCheckpoints(new CheckpointException(CheckpointFailureReason.JOB_FAILOVER_REGION));
        }
    }

    /** Tasks that are about to end are not moved. */
    @Override
    public CompletableFuture<String> stopWithSavepoint(
            @Nullable String directory, boolean terminate, SavepointFormatType format) {
        parts.moves.cancelAll("the job is stopped with a savepoint");
        return super.stopWithSavepoint(directory, terminate, format);
    }

    /** Also carries what gates report: it is the one message that every gate can send. */
    @Override
    public ExecutionState requestPartitionState(IntermediateDataSetID dataSet, ResultPartitionID partition)
            throws PartitionProducerDisposedException {
        if (dataSet instanceof HoldfastReport report) {
            return parts.restart.reported(report) ? ExecutionState.RUNNING : ExecutionState.CANCELED;
        }
        return super.requestPartitionState(dataSet, partition);
    }

    @Override
    public CompletableFuture<CoordinationResponse> deliverCoordinationRequestToCoordinator(
            OperatorID operator, CoordinationRequest request) throws FlinkException {
        if (request instanceof LedgerRequest) {
            return CompletableFuture.completedFuture(new LedgerResponse(parts.restart.view()));
        }
        if (request instanceof WeightRequest weight) {
            return CompletableFuture.completedFuture(parts.weights.answer(weight));
        }
        if (request instanceof MoveRequest move) {
            return CompletableFuture.completedFuture(parts.moves.answer(move));
        }
        return super.deliverCoordinationRequestToCoordinator(operator, request);
    }

    @Override
    public CompletableFuture<Void> closeAsync() {
        LedgerArchive.INSTANCE.keep(getJobId(), parts.restart.view());
        parts.restart.stop();
        return super.closeAsync();
    }

    // ------------------------------------------------------------------ RestartHost

    @Override
    public JobID jobId() {
        return getJobId();
    }

    @Override
    public ExecutionVertex vertex(ExecutionVertexID id) {
        return getExecutionVertex(id);
    }

    @Override
    public IntermediateResultPartition partition(IntermediateResultPartitionID id) {
        return graph().getResultPartitionOrThrow(id);
    }

    @Override
    public Map<ExecutionAttemptID, Execution> executions() {
        return getExecutionGraph().getRegisteredExecutions();
    }

    @Override
    public long lastCheckpointId() {
        return parts.checkpoints.lastStarted();
    }

    @Override
    public Duration rpcTimeout() {
        return rpcTimeout;
    }

    @Override
    public boolean isRunning() {
        return getExecutionGraph().getState() == JobStatus.RUNNING;
    }

    @Override
    public void execute(Runnable work) {
        getMainThreadExecutor().execute(work);
    }

    @Override
    public void schedule(Runnable work, long delayMs) {
        getMainThreadExecutor().schedule(work, delayMs, TimeUnit.MILLISECONDS);
    }

    @Override
    public void allRunAgain() {
        slotPool.setIsJobRestarting(false);
    }

    @Override
    public void fallBack(String reason) {
        fallbackReason = reason;
        handleGlobalFailure(new FlinkException("Holdfast falls back to stock restart: " + reason));
    }

    // ------------------------------------------------------------------ for its parts

    /** Deployment hook. */
    void deployed(Execution execution) {
        parts.restart.deployed(execution);
        parts.moves.deployed(execution);
    }

    DefaultExecutionGraph graph() {
        return (DefaultExecutionGraph) getExecutionGraph();
    }

    @Nullable
    CheckpointCoordinator checkpointCoordinator() {
        return getCheckpointCoordinator();
    }

    /** Starts {@code vertices}, whose attempts have ended, again from the latest checkpoint. */
    void restartStopped(Set<ExecutionVertexID> vertices) {
        resetForNewExecutions(vertices);
        try {
            restoreState(vertices, false);
        } catch (Exception e) {
            handleGlobalFailure(e);
            return;
        }
        schedulingStrategy.restartTasks(vertices);
    }
}
