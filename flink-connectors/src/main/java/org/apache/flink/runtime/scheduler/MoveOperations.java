package org.apache.flink.runtime.scheduler;

import io.holdfast.flink.handoff.FetchState;
import io.holdfast.flink.handoff.StateOffer;
import io.holdfast.flink.move.MoveHost;
import io.holdfast.flink.move.MoveSlots.Reserved;
import io.holdfast.flink.restart.ReceiverWeights;
import io.holdfast.flink.restart.RestartHost;
import io.holdfast.flink.restart.SinglePointRestart;
import io.holdfast.flink.restart.SubtaskStateRestorer;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.runtime.checkpoint.CheckpointCoordinator;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.HoldfastPendingCheckpoints;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.jobgraph.tasks.JobCheckpointingSettings;
import org.apache.flink.runtime.scheduler.SlotErrands.Place;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.FlinkException;

/**
 * What moves want done by the scheduler. JobMaster main thread only.
 *
 * <p>Restarts as {@link DefaultScheduler} does, read at 2.2.1 and 2.3.0, but does not wait until the old attempts have
 * ended on their TaskManagers: they are frozen, and nothing of theirs is read any more. Here because {@link
 * ExecutionVertexVersioner} is package-private.
 */
final class MoveOperations implements MoveHost {

    private final HoldfastScheduler scheduler;
    private final ExecutionVertexVersioner versioner;
    private final SinglePointRestart restart;
    private final ReceiverWeights weights;
    private final SlotErrands errands;
    private final WarmUps warmUps;
    private final Set<Execution> stopping = new HashSet<>();

    MoveOperations(
            HoldfastScheduler scheduler,
            ExecutionVertexVersioner versioner,
            SinglePointRestart restart,
            ReceiverWeights weights,
            SlotErrands errands) {
        this.scheduler = scheduler;
        this.versioner = versioner;
        this.restart = restart;
        this.weights = weights;
        this.errands = errands;
        this.warmUps = new WarmUps(scheduler, errands);
    }

    @Override
    public RestartHost job() {
        return scheduler;
    }

    @Override
    public Optional<String> reasonAgainstHandover() {
        JobCheckpointingSettings settings = scheduler.getJobGraph().getCheckpointingSettings();
        if (scheduler.checkpointCoordinator() == null || settings == null) {
            return Optional.of("the job takes no checkpoints");
        }
        if (!settings.getCheckpointCoordinatorConfiguration().isExactlyOnce()) {
            return Optional.of("the job's checkpoints are at-least-once");
        }
        return restart.reasonAgainst(Set.of());
    }

    @Override
    public Optional<String> reasonAgainstRestarting(Collection<ExecutionVertexID> vertices) {
        return restart.reasonAgainst(vertices);
    }

    @Override
    public CompletableFuture<Void> warmUp(Collection<Reserved> slots, Collection<Execution> moved) {
        return warmUps.run(slots, moved);
    }

    @Override
    public Errand fetchState(
            String move, Reserved slot, Execution task, StateOffer offer, long checkpoint, boolean ahead) {
        return errands.send(
                Place.of(slot.slot()),
                task.getVertex(),
                task.getVertex().getJobvertexId(), // that of the state
                "State of " + task.getVertex().getJobVertex().getName(),
                FetchState.class,
                FetchState.configuration(
                        move, offer, task.getAssignedAllocationID().toHexString(), checkpoint, ahead));
    }

    @Override
    public void drain(Collection<ResourceID> taskManagers, boolean on) {
        weights.drain(taskManagers, on);
    }

    @Override
    public long latestCheckpoint() {
        CompletedCheckpoint latest = scheduler.latestCheckpoint();
        return latest == null ? -1 : latest.getCheckpointID();
    }

    @Override
    public long stateBytes(Execution task) {
        return Optional.ofNullable(scheduler.latestCheckpoint())
                .flatMap(latest -> SubtaskStateRestorer.stateOf(task.getVertex(), latest))
                .map(state -> state.getTaskStateSnapshot().getStateSize())
                .orElse(0L);
    }

    @Override
    public CompletableFuture<Long> checkpoint() {
        CheckpointCoordinator coordinator = scheduler.checkpointCoordinator();
        if (coordinator == null) {
            return CompletableFuture.failedFuture(new FlinkException("the job takes no checkpoints"));
        }
        CompletableFuture<Long> completed = new CompletableFuture<>();
        coordinator
                .triggerCheckpoint(false)
                .whenComplete((checkpoint, failure) -> scheduler.execute(() -> {
                    if (failure == null) {
                        whenCoordinatorsKnow(() -> completed.complete(checkpoint.getCheckpointID()));
                    } else {
                        completed.completeExceptionally(ExceptionUtils.stripCompletionException(failure));
                    }
                }));
        return completed;
    }

    @Override
    public void whenCoordinatorsKnow(Runnable then) {
        CheckpointCoordinator coordinator = scheduler.checkpointCoordinator();
        if (coordinator != null) {
            coordinator.getNumberOfPendingCheckpoints(); // waits for its lock, which it has until it has told everybody
        }
        scheduler.execute(then); // behind what it had the main thread do
    }

    @Override
    public boolean checkpointsPending() {
        CheckpointCoordinator coordinator = scheduler.checkpointCoordinator();
        return coordinator != null && coordinator.getNumberOfPendingCheckpoints() > 0;
    }

    @Override
    public boolean savepointPending() {
        CheckpointCoordinator coordinator = scheduler.checkpointCoordinator();
        return coordinator != null && HoldfastPendingCheckpoints.anySavepoint(coordinator);
    }

    @Override
    public void stopCheckpoints() {
        CheckpointCoordinator coordinator = scheduler.checkpointCoordinator();
        if (coordinator != null) {
            coordinator.stopCheckpointScheduler();
        }
    }

    @Override
    public void startCheckpoints() {
        if (hasPeriodicCheckpoints() && scheduler.isRunning()) { // else Flink does it when the job runs again
            scheduler.checkpointCoordinator().startCheckpointScheduler();
        }
    }

    @Override
    public boolean hasPeriodicCheckpoints() {
        CheckpointCoordinator coordinator = scheduler.checkpointCoordinator();
        return coordinator != null && coordinator.isPeriodicCheckpointingConfigured();
    }

    @Override
    public void restartFrom(long checkpoint, Collection<Execution> moved, String reason, Runnable stopped) {
        CompletedCheckpoint latest = scheduler.latestCheckpoint();
        if (latest == null || latest.getCheckpointID() != checkpoint) {
            scheduler.fallBack("checkpoint %d, at which tasks were stopped to be moved, is not the latest any more: %s"
                    .formatted(checkpoint, latest));
            return;
        }
        Set<ExecutionVertexID> vertices = new LinkedHashSet<>();
        moved.forEach(execution -> vertices.add(execution.getVertex().getID()));
        versioner.recordVertexModifications(vertices); // whatever else was to restart them does not
        restart.moving(moved, reason);
        stopping.addAll(moved);
        FlinkException why = new FlinkException(reason);
        moved.forEach(execution -> execution.fail(why));
        stopping.clear();
        stopped.run();
        scheduler.restartStopped(vertices);
    }

    /** Whether {@code execution} fails only because it is moved. */
    boolean isStopping(Execution execution) {
        return stopping.contains(execution);
    }
}
