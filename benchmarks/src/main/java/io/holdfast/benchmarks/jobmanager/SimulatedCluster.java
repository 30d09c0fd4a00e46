package io.holdfast.benchmarks.jobmanager;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.CheckpointType;
import org.apache.flink.runtime.blob.VoidBlobWriter;
import org.apache.flink.runtime.checkpoint.CheckpointMetrics;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.StandaloneCheckpointRecoveryFactory;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.io.network.partition.JobMasterPartitionTrackerImpl;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobmaster.DefaultExecutionDeploymentTracker;
import org.apache.flink.runtime.jobmaster.JobMasterId;
import org.apache.flink.runtime.jobmaster.slotpool.SlotPoolService;
import org.apache.flink.runtime.metrics.groups.UnregisteredMetricGroups;
import org.apache.flink.runtime.scheduler.SchedulerNG;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.shuffle.ShuffleMaster;
import org.apache.flink.runtime.shuffle.ShuffleMasterContextImpl;
import org.apache.flink.runtime.taskexecutor.slot.SlotOffer;
import org.apache.flink.runtime.taskmanager.TaskExecutionState;
import org.apache.flink.util.FlinkException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job on a JobMaster's real parts, scheduler, checkpoint coordinator and slot pool, with a metered main thread and
 * as many simulated TaskManagers as it needs.
 */
final class SimulatedCluster implements SimulatedTaskManager.JobMaster, AutoCloseable {

    static final int SLOTS = 2;

    private static final Logger LOG = LoggerFactory.getLogger(SimulatedCluster.class);
    private static final Duration RPC_TIMEOUT = Duration.ofMinutes(1);
    private static final long WAIT_SECONDS = 120;
    private static final int POLL_MILLIS = 2;
    /** The main thread rests when it has had nothing to do for this long. */
    private static final int REST_MILLIS = 20;

    private record Running(ExecutionAttemptID attempt, SimulatedTaskManager on, ExecutionState state) {}

    /**
     * What a failure cost the main thread.
     *
     * @param restored until the last task that had to restart was handed to its TaskManager
     * @param settled until there was nothing left to do about it
     * @param lost tasks that were lost
     * @param submitted tasks that were handed to TaskManagers
     */
    record Cost(MeteredMainThread.Reading restored, MeteredMainThread.Reading settled, int lost, int submitted) {}

    /** A failure that is being measured: the tasks to wait for, and when the last of them was handed over. */
    private final class Meter {
        private final MeteredMainThread.Reading begin = mainThread.read();
        private final Set<ExecutionVertexID> waiting;
        private final int lost;
        private int submitted;
        private MeteredMainThread.Reading restored;

        Meter(Set<ExecutionVertexID> waiting, int lost) {
            this.waiting = waiting;
            this.lost = lost;
        }

        synchronized void submitted(ExecutionVertexID task) {
            submitted++;
            if (waiting.remove(task) && waiting.isEmpty()) {
                restored = mainThread.read();
            }
        }

        synchronized boolean isRestored() {
            return restored != null;
        }

        synchronized Cost cost() {
            return new Cost(restored.since(begin), mainThread.read().since(begin), lost, submitted);
        }
    }

    private final Side side;
    private final LargeJob job;
    private final JobID jobId;
    private final List<JobVertex> vertices;
    private final Map<ExecutionVertexID, Running> tasks = new ConcurrentHashMap<>();
    private final MeteredMainThread mainThread = new MeteredMainThread();
    private final ScheduledExecutorService io = new ScheduledThreadPoolExecutor(2);
    private final ScheduledThreadPoolExecutor taskManagers = new ScheduledThreadPoolExecutor(1);
    private final SlotPoolService slotPool;
    private final SchedulerNG scheduler;
    private final CompletableFuture<Long> begun = new CompletableFuture<>();
    private volatile Meter meter;
    private int taskManagerCount;

    /** Starts the job and waits until all of it runs. */
    SimulatedCluster(Side side, LargeJob job) throws Exception {
        this.side = side;
        this.job = job;
        Configuration configuration = new Configuration();
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, Integer.MAX_VALUE);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ZERO);
        JobGraph graph = job.graph(configuration);
        jobId = graph.getJobID();
        vertices = LargeJob.inOrder(graph);
        slotPool = SlotPools.create(jobId, configuration, mainThread);
        scheduler = scheduler(graph, configuration);
        onMainThread(() -> {
            slotPool.start(JobMasterId.generate(), "simulated");
            scheduler.startScheduling();
        });
        for (int slots = 0; slots < job.parallelism(); slots += SLOTS) {
            addTaskManager();
        }
        await("the job runs", this::allRun);
        awaitRest();
    }

    private SchedulerNG scheduler(JobGraph graph, Configuration configuration) throws Exception {
        ShuffleMaster<?> shuffleMaster =
                side.shuffleMaster(new ShuffleMasterContextImpl(configuration, SimulatedCluster::fatal));
        return side.scheduler(configuration)
                .createInstance(
                        LOG,
                        graph,
                        io,
                        configuration,
                        slotPool,
                        io,
                        SimulatedCluster.class.getClassLoader(),
                        new StandaloneCheckpointRecoveryFactory(),
                        RPC_TIMEOUT,
                        VoidBlobWriter.getInstance(),
                        UnregisteredMetricGroups.createUnregisteredJobManagerJobMetricGroup(),
                        RPC_TIMEOUT,
                        shuffleMaster,
                        new JobMasterPartitionTrackerImpl(jobId, shuffleMaster, id -> Optional.empty()),
                        new DefaultExecutionDeploymentTracker(),
                        System.currentTimeMillis(),
                        mainThread,
                        SimulatedCluster::fatal,
                        (id, status, timestamp) -> {},
                        List.of(),
                        nodes -> {});
    }

    private static void fatal(Throwable error) {
        LOG.error("Fatal error in the simulated JobMaster", error);
    }

    private SimulatedTaskManager addTaskManager() throws Exception {
        SimulatedTaskManager added = new SimulatedTaskManager(++taskManagerCount, SLOTS, side, this, taskManagers);
        onMainThread(() -> slotPool.registerTaskManager(added.id()));
        List<SlotOffer> offers = new ArrayList<>(added.offers());
        await(
                "slots are taken",
                () -> { // an offer is refused until the scheduler wants the slot
                    try {
                        onMainThread(() -> offers.removeAll(
                                List.copyOf(slotPool.offerSlots(added.location(), added, List.copyOf(offers)))));
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                    return offers.isEmpty();
                });
        return added;
    }

    /** Completes a checkpoint in which every subtask has state. */
    void checkpoint() throws Exception {
        CompletableFuture<CompletedCheckpoint> completed = new CompletableFuture<>();
        onMainThread(() -> scheduler
                .triggerCheckpoint(CheckpointType.CONFIGURED)
                .whenComplete((checkpoint, failure) -> {
                    if (failure == null) {
                        completed.complete(checkpoint);
                    } else {
                        completed.completeExceptionally(failure);
                        begun.completeExceptionally(failure);
                    }
                }));
        long id = begun.get(WAIT_SECONDS, TimeUnit.SECONDS);
        onMainThread(() -> acknowledge(id));
        int states = completed.get(WAIT_SECONDS, TimeUnit.SECONDS).getOperatorStates().values().stream()
                .mapToInt(state -> state.getStates().size())
                .sum();
        if (states < job.subtasks()) {
            throw new IllegalStateException(
                    "checkpoint holds the state of %d subtasks of %d".formatted(states, job.subtasks()));
        }
        awaitRest();
    }

    private void acknowledge(long checkpoint) {
        for (JobVertex vertex : vertices) {
            for (int subtask = 0; subtask < job.parallelism(); subtask++) {
                Running task = tasks.get(new ExecutionVertexID(vertex.getID(), subtask));
                scheduler.acknowledgeCheckpoint(
                        jobId,
                        task.attempt,
                        checkpoint,
                        new CheckpointMetrics(),
                        job.state(vertex.getOperatorIDs(), subtask));
            }
        }
    }

    /** A task in the middle of the stream fails by itself; its TaskManager lives on. */
    Cost failTask(int subtask) throws Exception {
        ExecutionVertexID task = new ExecutionVertexID(vertices.get(1).getID(), subtask % job.parallelism());
        Running lost = tasks.get(task);
        lost.on.ended(lost.attempt);
        return measure(
                Set.of(task),
                () -> mainThread.execute(() -> scheduler.updateTaskExecutionState(new TaskExecutionState(
                        lost.attempt, ExecutionState.FAILED, new FlinkException("simulated failure")))));
    }

    /** The TaskManager that a task is on is lost with all its tasks, and another takes its place at once. */
    Cost loseTaskManager(int subtask) throws Exception {
        ExecutionVertexID task = new ExecutionVertexID(vertices.get(1).getID(), subtask % job.parallelism());
        SimulatedTaskManager lost = tasks.get(task).on;
        Set<ExecutionVertexID> on = new HashSet<>();
        tasks.forEach((id, running) -> {
            if (running.on == lost) {
                on.add(id);
            }
        });
        lost.kill();
        return measure(on, () -> {
            onMainThread(() -> slotPool.releaseTaskManager(lost.id(), new FlinkException("simulated loss")));
            addTaskManager();
        });
    }

    private interface Action {
        void run() throws Exception;
    }

    private Cost measure(Set<ExecutionVertexID> lost, Action failure) throws Exception {
        Meter measured = new Meter(new HashSet<>(side.restartsAll() ? tasks.keySet() : lost), lost.size());
        lost.forEach(id -> tasks.computeIfPresent(
                id, (same, running) -> new Running(running.attempt, running.on, ExecutionState.FAILED)));
        meter = measured;
        failure.run();
        await("the lost tasks are handed over", measured::isRestored);
        await("the job runs again", this::allRun);
        awaitRest();
        meter = null;
        return measured.cost();
    }

    private boolean allRun() {
        return tasks.size() == job.subtasks()
                && tasks.values().stream().allMatch(task -> task.state == ExecutionState.RUNNING);
    }

    /** Until nobody has anything to do. */
    private void awaitRest() throws InterruptedException {
        long restsSince = -1;
        while (restsSince < 0 || System.nanoTime() - restsSince < REST_MILLIS * 1_000_000L) {
            boolean rests = mainThread.isIdle()
                    && taskManagers.getActiveCount() == 0
                    && taskManagers.getQueue().isEmpty();
            if (!rests) {
                restsSince = -1;
            } else if (restsSince < 0) {
                restsSince = System.nanoTime();
            }
            Thread.sleep(POLL_MILLIS);
        }
        if (mainThread.failure() != null) {
            throw new IllegalStateException("the simulated JobMaster failed", mainThread.failure());
        }
    }

    private void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline || mainThread.failure() != null) {
                throw new IllegalStateException(
                        "waited in vain until %s; job is %s, and %d of %d tasks run"
                                .formatted(
                                        what,
                                        scheduler.requestJobStatus(),
                                        tasks.values().stream()
                                                .filter(task -> task.state == ExecutionState.RUNNING)
                                                .count(),
                                        job.subtasks()),
                        mainThread.failure());
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private void onMainThread(Action action) throws Exception {
        CompletableFuture<Void> done = new CompletableFuture<>();
        mainThread.execute(() -> {
            try {
                action.run();
                done.complete(null);
            } catch (Exception | Error e) {
                done.completeExceptionally(e);
            }
        });
        try {
            done.get(WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the simulated JobMaster failed", e);
        }
    }

    // ------------------------------------------------------------------ what TaskManagers say

    @Override
    public void received(ExecutionAttemptID attempt, SimulatedTaskManager by) {
        tasks.put(attempt.getExecutionVertexId(), new Running(attempt, by, ExecutionState.DEPLOYING));
        Meter measured = meter;
        if (measured != null) {
            measured.submitted(attempt.getExecutionVertexId());
        }
    }

    @Override
    public void changed(ExecutionAttemptID attempt, ExecutionState state) {
        mainThread.execute(() -> {
            scheduler.updateTaskExecutionState(new TaskExecutionState(attempt, state));
            tasks.computeIfPresent(
                    attempt.getExecutionVertexId(),
                    (id, task) -> task.attempt.equals(attempt) ? new Running(attempt, task.on, state) : task);
        });
    }

    @Override
    public void asked(Side.Question question) {
        mainThread.execute(() -> {
            try {
                scheduler.requestPartitionState(question.dataSet(), question.partition());
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Override
    public void begun(long checkpoint) {
        begun.complete(checkpoint);
    }

    /** The JVM ends next: nothing is cancelled. */
    @Override
    public void close() {
        mainThread.close();
        io.shutdownNow();
        taskManagers.shutdownNow();
    }
}
