package io.holdfast.flink.move;

import io.holdfast.flink.move.Move.State;
import io.holdfast.flink.move.Move.Step;
import io.holdfast.flink.restart.RestartHost;
import io.holdfast.flink.restart.SinglePointRestart;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.flink.runtime.clusterframework.types.AllocationID;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.clusterframework.types.ResourceProfile;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.jobmaster.LogicalSlot;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.FlinkException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries one move out, step by step.
 *
 * <p>A planned handover keeps everything exactly once without a log and without determinism. The tasks to move freeze
 * behind the barrier of a checkpoint, so that their state is the checkpoint's, and who feeds them holds what comes behind
 * it. When the checkpoint has completed nothing is in flight: everything before it was processed, everything behind it is
 * still with the producers. So the tasks can be stopped and started elsewhere, from that checkpoint, as if they had been
 * lost at that very moment. Until the checkpoint has completed all of it can be undone.
 *
 * <p>Every state ends: by an event, or by time. Where the handover does not come about in time the move falls back to a
 * checkpoint and a restart of the tasks, then to the restart alone; both are single-point restarts, and what they cost is
 * in the ledger. JobMaster main thread only.
 */
final class Handover {

    private static final Logger LOG = LoggerFactory.getLogger(Handover.class);

    private static final long TICK_MS = 20;

    /** Part of the time for the handover that TaskManagers may take to prepare. */
    private static final double WARM_PART = 0.3;

    /** Part of it to wait for a moment without a checkpoint, before one is aborted. */
    private static final double QUIET_PART = 0.3;

    /** Part of it that may go by, while tasks stand still already, for state that is handed from one TaskManager to another. */
    private static final double FETCH_PART = 0.2;

    private static final long MOST_FETCH_MS = 3_000;

    /** How often, and after what time, who does not stand at the checkpoint yet is asked again. */
    private static final int VERIFY_TIMES = 20;

    private static final long VERIFY_MS = 10;

    /** Before a handover that did not come about is tried again. */
    private static final long RETRY_MS = 250;

    /** Time for slots to come, however near the deadline is: tasks that are lost meanwhile need them too. */
    private static final long LEAST_FOR_SLOTS_MS = 1_000;

    /** Time for the tasks to run again, after which the job goes on with its checkpoints and the move counts as failed. */
    private static final long RESTART_MS = 60_000;

    private enum Phase {
        WAITING,
        RESERVING,
        WARMING,
        QUIETING,
        ARMING,
        CHECKPOINTING,
        VERIFYING,
        FETCHING,
        LAST_CHECKPOINT,
        SWITCHING,
        OVER
    }

    private final RestartHost host;
    private final MoveHost mover;
    private final MoveSlots slots;
    private final MoveSettings settings;
    private final Move move;
    private final Runnable ended;
    private final Standstill standstill;
    private final StateHandoff handoff;

    private Phase phase = Phase.WAITING;
    private long notBefore;

    /** Since when it is warming, or quieting. */
    private long since;

    private long fetchBy;

    /** The checkpoint that tasks stand still at. */
    private long standsAt;

    private boolean lastCheckpointRuns;

    /** Checkpoints are not triggered by time until it is over, or undone. */
    private boolean stopped;

    private long switchedAt;
    private String lastFailure = "";
    private int tries;

    @Nullable
    private MoveSlots.Reservation reservation;

    /** What is to move, by vertex. */
    private Map<ExecutionVertexID, Execution> victims = Map.of();

    /** Barriers of checkpoints from this on freeze. */
    private long from;

    /** What the tasks start from again. */
    private long checkpoint = -1;

    Handover(MoveHost mover, MoveSlots slots, MoveSettings settings, Move move, Runnable ended) {
        this.host = mover.job();
        this.mover = mover;
        this.slots = slots;
        this.settings = settings;
        this.move = move;
        this.ended = ended;
        this.standstill = new Standstill(host);
        this.handoff = new StateHandoff(mover, move);
    }

    Move move() {
        return move;
    }

    /** Begins, and goes on until it is over. */
    void start() {
        LOG.info(
                "Move begins: move={} taskManagers={} deadlineMs={} reason={}",
                move.id,
                move.taskManagers,
                move.deadlineAt() - move.createdAt,
                move.reason);
        tick();
    }

    private void tick() {
        if (phase == Phase.OVER) {
            return;
        }
        try {
            advance(System.currentTimeMillis());
        } catch (RuntimeException e) { // whatever happens, nothing stays frozen
            LOG.error("Move failed for an unforeseen reason: move={}", move.id, e);
            release("an unforeseen error: " + e);
            end(State.FAILED, "unforeseen: " + SinglePointRestart.firstLine(e));
        }
        if (phase != Phase.OVER) {
            host.schedule(this::tick, TICK_MS);
        }
    }

    private void advance(long now) {
        switch (phase) {
            case WAITING -> {
                if (now >= notBefore) {
                    begin(now);
                }
            }
            case RESERVING -> {
                if (now >= slotsBy()) {
                    noSlots("none came in time");
                }
            }
            case WARMING -> {
                if (now >= by(WARM_PART)) {
                    reserved(now);
                }
            }
            case QUIETING -> quiet(now);
            case ARMING, CHECKPOINTING, VERIFYING -> {
                if (now >= move.handoverBy()) {
                    String why = phase == Phase.CHECKPOINTING
                            ? "the checkpoint did not complete in time"
                            : "TaskManagers did not answer in time";
                    release(why);
                    degrade(why, now);
                }
            }
            case FETCHING -> {
                if (now >= fetchBy) {
                    fetched(); // the rest is read from the checkpoint storage
                }
            }
            case LAST_CHECKPOINT -> {
                if (now >= move.restartBy()) {
                    restartAnyway("the checkpoint before the restart did not complete in time", now);
                } else if (!lastCheckpointRuns && now >= notBefore) {
                    lastCheckpoint();
                }
            }
            case SWITCHING -> {
                if (now - switchedAt >= RESTART_MS) {
                    late();
                }
            }
            case OVER -> {
                // nothing
            }
        }
    }

    // ------------------------------------------------------------------ until the point of no return

    private void begin(long now) {
        List<Execution> there = tasksOn(move.taskManagers);
        if (there.isEmpty()) {
            end(State.COMPLETED, "no task of the job is there");
            return;
        }
        if (!host.isRunning() || !allRun() || !standstill.isHeard()) {
            if (now >= move.restartBy()) {
                end(State.FAILED, "not all tasks of the job were running until the deadline");
            }
            return;
        }
        victims =
                there.stream().collect(Collectors.toMap(each -> each.getVertex().getID(), each -> each));
        if (reservation != null
                && reservation.suffices(profiles(victims.values()).size())) {
            reserved(now);
            return;
        }
        reserve(now);
    }

    private void reserve(long now) {
        phase = Phase.RESERVING;
        move.become(State.RESERVING, now);
        giveBackReservation();
        MoveSlots.Reservation mine =
                slots.reserve(profiles(victims.values()), Duration.ofMillis(Math.max(1, slotsBy() - now)));
        reservation = mine;
        mine.all().whenComplete((all, failure) -> {
            if (reservation != mine || phase != Phase.RESERVING) {
                return;
            }
            if (failure == null) {
                host.execute(() -> {
                    if (reservation == mine && phase == Phase.RESERVING) {
                        warm(all, System.currentTimeMillis());
                    }
                });
            } else {
                boolean late = ExceptionUtils.findThrowable(failure, TimeoutException.class)
                        .isPresent();
                noSlots(late ? "none came in time" : SinglePointRestart.firstLine(failure));
            }
        });
    }

    private long slotsBy() {
        return Math.max(move.restartBy(), move.createdAt + LEAST_FOR_SLOTS_MS);
    }

    /** The first task on a TaskManager takes longer than others; not while its job waits for it. */
    private void warm(List<MoveSlots.Reserved> all, long now) {
        phase = Phase.WARMING;
        mover.drain(move.taskManagers, true);
        since = now;
        MoveSlots.Reservation mine = reservation;
        CompletableFuture<Void> warm =
                settings.warmUp() ? mover.warmUp(all, victims.values()) : CompletableFuture.completedFuture(null);
        CompletableFuture.allOf(warm, handoff.ahead(victims.values(), all)).whenComplete((done, failure) -> {
            if (reservation == mine && phase == Phase.WARMING) {
                reserved(System.currentTimeMillis());
            }
        });
    }

    private void noSlots(String why) {
        long now = System.currentTimeMillis();
        if (now + RETRY_MS < slotsBy()) { // a TaskManager may come, or another job may end
            giveBackReservation();
            retry(why, now);
            return;
        }
        end(
                State.FAILED,
                "no slots for %d tasks, nothing was changed. Add TaskManagers, or have spare slots. Cause: %s"
                        .formatted(victims.size(), why));
    }

    private void reserved(long now) {
        handoff.stop();
        Optional<String> against = mover.reasonAgainstHandover().or(this::cannotStand);
        if (against.isPresent()) {
            degrade(against.get(), now);
        } else if (now >= move.handoverBy()) {
            degrade(lastFailure.isEmpty() ? "the deadline is too near" : lastFailure, now);
        } else {
            phase = Phase.QUIETING;
            since = now;
            quiet(now);
        }
    }

    /** No other checkpoint is to be under way: its barriers could come before or behind what is said to the tasks now. */
    private void quiet(long now) {
        if (now >= move.handoverBy()) {
            degrade(mover.savepointPending() ? "a savepoint was being taken" : "a checkpoint was being taken", now);
        } else if (!allRun()) {
            retry("a task of the job was not running", now);
        } else if (!reservation.holds()) {
            retry("a reserved slot was lost", now);
        } else if (!mover.savepointPending() && (!mover.checkpointsPending() || now >= by(QUIET_PART))) {
            stopped = true;
            mover.stopCheckpoints();
            arm(now);
        }
    }

    /** When {@code part} of the time from then on is over, by the deadline that is known now: somebody may have hurried. */
    private long by(double part) {
        return since + (long) (part * Math.max(0, move.handoverBy() - since));
    }

    private Optional<String> cannotStand() {
        return victims.values().stream()
                .flatMap(victim -> standstill.reasonAgainst(victim.getVertex()).stream())
                .findFirst();
    }

    private void arm(long now) {
        tries++;
        phase = Phase.ARMING;
        move.become(State.ARMING, now);
        from = host.lastCheckpointId() + 1;
        int mine = tries;
        standstill.order(victims.values(), from).whenComplete((done, failure) -> {
            if (phase == Phase.ARMING && tries == mine) {
                if (failure == null) {
                    trigger(System.currentTimeMillis());
                } else {
                    undone("TaskManagers could not be prepared: " + SinglePointRestart.firstLine(failure));
                }
            }
        });
    }

    private void trigger(long now) {
        phase = Phase.CHECKPOINTING;
        move.become(State.CHECKPOINTING, now);
        int mine = tries;
        mover.checkpoint().whenComplete((id, failure) -> {
            if (failure != null && phase == Phase.CHECKPOINTING && tries == mine) {
                undone("the checkpoint failed: " + SinglePointRestart.firstLine(failure));
            }
        });
    }

    /** Checkpoint {@code id} has completed. */
    void checkpointCompleted(long id) {
        if (phase == Phase.ARMING && id >= from) {
            undone("a checkpoint completed that nobody had asked for");
        } else if (phase == Phase.CHECKPOINTING && id >= from) {
            phase = Phase.VERIFYING;
            int mine = tries;
            mover.whenCoordinatorsKnow(() -> {
                if (phase == Phase.VERIFYING && tries == mine) {
                    verify(id, 0);
                }
            });
        }
    }

    /** Nothing is given up before everybody has said that he stands, or holds, at exactly this checkpoint. */
    private void verify(long id, int asked) {
        Optional<String> changed = whatChanged();
        if (changed.isPresent()) {
            undone(changed.get());
            return;
        }
        int mine = tries;
        standstill.verify(id).whenComplete((done, failure) -> {
            if (phase != Phase.VERIFYING || tries != mine) {
                return;
            }
            Optional<String> changedSince = whatChanged();
            if (changedSince.isPresent()) {
                undone(changedSince.get());
            } else if (failure == null) {
                fetch(id, System.currentTimeMillis());
            } else if (asked < VERIFY_TIMES) { // a task acknowledges a moment before it stands
                host.schedule(
                        () -> {
                            if (phase == Phase.VERIFYING && tries == mine) {
                                verify(id, asked + 1);
                            }
                        },
                        VERIFY_MS);
            } else {
                undone("not everybody stood at the checkpoint: " + SinglePointRestart.firstLine(failure));
            }
        });
    }

    /** State that the checkpoint has is brought to where the tasks will be, if most of it is there already. */
    private void fetch(long id, long now) {
        standsAt = id;
        if (!handoff.isReady()) {
            cut(id);
            return;
        }
        phase = Phase.FETCHING;
        fetchBy = now + (long) Math.min(MOST_FETCH_MS, FETCH_PART * Math.max(0, move.handoverBy() - now));
        int mine = tries;
        handoff.complete(id).whenComplete((done, failure) -> {
            if (phase == Phase.FETCHING && tries == mine) {
                fetched();
            }
        });
    }

    private void fetched() {
        handoff.stop();
        whatChanged().ifPresentOrElse(this::undone, () -> cut(standsAt));
    }

    /** From here on there is no way back. */
    private void cut(long id) {
        long now = System.currentTimeMillis();
        checkpoint = id;
        move.checkpoint(id);
        phase = Phase.SWITCHING;
        switchedAt = now;
        move.become(State.SWITCHING, now);
        victims.values().forEach(victim -> move.stopped(victim, now));
        standstill.keep();
        MoveSlots.Reservation mine = reservation;
        reservation = null;
        try {
            mover.restartFrom(id, victims.values(), "moved: " + move.reason, mine::offer);
        } catch (RuntimeException e) {
            LOG.error("Tasks that were stopped could not be started again: move={}", move.id, e);
            mine.giveBack();
            host.fallBack("tasks that were stopped to be moved could not be started again: "
                    + SinglePointRestart.firstLine(e));
        }
    }

    /** Why checkpoint and tasks do not belong together; empty if they do. */
    private Optional<String> whatChanged() {
        if (!host.isRunning()) {
            return Optional.of("the job was restarting");
        }
        return reservation.holds() ? standstill.whatChanged() : Optional.of("a reserved slot was lost");
    }

    /** The handover did not come about; it is tried again, or given up if it is too late for that. */
    private void undone(String why) {
        long now = System.currentTimeMillis();
        release(why);
        if (now + RETRY_MS >= move.handoverBy()) {
            degrade(why, now);
        } else {
            retry(why, now);
        }
    }

    private void retry(String why, long now) {
        lastFailure = why;
        phase = Phase.WAITING;
        notBefore = now + RETRY_MS;
        move.become(State.RESERVING, now);
    }

    /** Everybody goes on as if nothing had been. */
    private void release(String why) {
        checkpointsAgain();
        if (standstill.undo()) {
            LOG.info("Handover undone, tasks go on where they are: move={} try={} cause={}", move.id, tries, why);
        }
    }

    /** Whether all that was said to undo something was heard. */
    boolean isHeard() {
        return standstill.isHeard();
    }

    private void checkpointsAgain() {
        if (stopped) {
            stopped = false;
            mover.startCheckpoints();
        }
    }

    // ------------------------------------------------------------------ what is worse than a handover

    private void degrade(String why, long now) {
        Optional<String> against = mover.reasonAgainstRestarting(victims.keySet());
        if (against.isPresent()) {
            end(State.FAILED, "%s; and its tasks cannot be restarted alone: %s".formatted(why, against.get()));
            return;
        }
        move.degrade(Step.CHECKPOINT_AND_RESTART, why, now);
        LOG.warn("Move without handover, tasks restart after a checkpoint: move={} cause={}", move.id, why);
        if (now >= move.restartBy()) {
            restartAnyway("the deadline is too near", now);
            return;
        }
        phase = Phase.LAST_CHECKPOINT;
        move.become(State.CHECKPOINTING, now);
        lastCheckpoint();
    }

    /** Tried again, when it fails, until there is no more time. */
    private void lastCheckpoint() {
        lastCheckpointRuns = true;
        mover.checkpoint().whenComplete((id, failure) -> {
            lastCheckpointRuns = false;
            long then = System.currentTimeMillis();
            if (phase == Phase.LAST_CHECKPOINT && failure == null) {
                move.checkpoint(id);
                restart(then);
            } else {
                notBefore = then + RETRY_MS;
            }
        });
    }

    private void restartAnyway(String why, long now) {
        move.degrade(Step.RESTART, why, now);
        LOG.warn("Move without a fresh checkpoint, tasks restart from the last one: move={} cause={}", move.id, why);
        restart(now);
    }

    private void restart(long now) {
        List<Execution> there = tasksOn(move.taskManagers);
        if (!host.isRunning() || there.isEmpty()) {
            end(there.isEmpty() ? State.COMPLETED : State.FAILED, "the tasks were restarted by something else");
            return;
        }
        phase = Phase.SWITCHING;
        switchedAt = now;
        move.become(State.SWITCHING, now);
        if (reservation != null) {
            reservation.offer();
            reservation = null;
        }
        there.forEach(execution -> move.stopped(execution, now));
        FlinkException why = new FlinkException("Moved off its TaskManager: " + move.reason);
        for (Execution execution : there) {
            if (phase == Phase.SWITCHING
                    && execution.getState() == ExecutionState.RUNNING) { // not if a region restarts
                execution.fail(why);
            }
        }
    }

    // ------------------------------------------------------------------ behind the point of no return

    /** {@code execution} was handed to its TaskManager. */
    void deployed(Execution execution) {
        if (phase == Phase.SWITCHING) {
            move.deployed(execution, System.currentTimeMillis());
        }
    }

    /** {@code execution} has changed its state. */
    void updated(Execution execution) {
        ExecutionState state = execution.getState();
        if (phase == Phase.SWITCHING && (state == ExecutionState.RUNNING || state == ExecutionState.FINISHED)) {
            move.running(execution, System.currentTimeMillis());
            if (move.allRun()) {
                goOn();
                end(State.COMPLETED, "");
            }
        }
    }

    /** It takes long: the job must have its checkpoints, and nobody may wait for ever. */
    private void late() {
        checkpointsAgain();
        boolean begun = true;
        for (Execution old : victims.values()) {
            Execution current = old.getVertex().getCurrentExecutionAttempt();
            if (current == old && !old.getState().isTerminal()) {
                host.fallBack("a task that was stopped to be moved was never started again");
                return;
            }
            begun &= current.getState() == ExecutionState.DEPLOYING
                    || current.getState() == ExecutionState.INITIALIZING
                    || current.getState() == ExecutionState.RUNNING;
        }
        if (!begun) { // while its state is restored, which may take long, it has only not ended
            end(
                    State.FAILED,
                    "not all moved tasks ran again within %d ms; single-point restart sees to them"
                            .formatted(RESTART_MS));
        }
    }

    /** What a move had stopped goes on. */
    private void goOn() {
        slots.withdrawOffers();
        checkpointsAgain();
        if (!mover.hasPeriodicCheckpoints() && standstill.holds()) {
            mover.checkpoint(); // so that what is kept for the moved tasks can be dropped
        }
    }

    /** What is kept for its tasks, after it has ended, until a checkpoint behind {@link #checkpoint} completes. */
    boolean keepsRecords() {
        return checkpoint >= 0 && standstill.holds();
    }

    /** Checkpoint {@code id} has completed after the move: what the moved tasks have read is not needed again. */
    void forgetBefore(long id) {
        if (id > checkpoint) {
            standstill.forget();
        }
    }

    // ------------------------------------------------------------------ how it ends

    /** Whether it was cancelled; not if it is too late for that. */
    boolean cancel(String why) {
        if (phase == Phase.SWITCHING || phase == Phase.OVER) {
            return false;
        }
        release(why);
        end(State.CANCELLED, why);
        return true;
    }

    /** A task of the job has failed. */
    void taskFailed() {
        switch (phase) {
            case ARMING, CHECKPOINTING, VERIFYING, FETCHING -> undone("a task of the job failed");
            case RESERVING, WARMING, QUIETING -> retry("a task of the job failed", System.currentTimeMillis());
            case WAITING, LAST_CHECKPOINT, SWITCHING, OVER -> {
                // nothing is to be undone
            }
        }
        if (phase == Phase.WAITING) {
            giveBackReservation(); // it may need what is reserved
        }
    }

    /** Regions of the job, or all of it, restart. */
    void regionsRestart(String why) {
        if (phase == Phase.OVER) {
            return;
        }
        release(why);
        if (phase == Phase.SWITCHING) {
            goOn();
        }
        end(State.FAILED, "the job fell back to stock Flink's restart: " + why);
    }

    private void end(State how, String why) {
        long now = System.currentTimeMillis();
        phase = Phase.OVER;
        checkpointsAgain();
        handoff.stop();
        mover.drain(move.taskManagers, false);
        giveBackReservation();
        slots.withdrawOffers();
        move.end(how, why, now);
        LOG.info(
                "Move ended: move={} state={} step={} tasks={} tries={} tookMs={} checkpoint={} detail={}",
                move.id,
                how,
                move.step(),
                move.size(),
                tries,
                now - move.createdAt,
                checkpoint,
                why);
        ended.run();
    }

    private void giveBackReservation() {
        if (reservation != null) {
            MoveSlots.Reservation old = reservation;
            reservation = null;
            old.giveBack();
        }
    }

    // ------------------------------------------------------------------ the job

    private List<Execution> tasksOn(Set<ResourceID> taskManagers) {
        return host.executions().values().stream()
                .filter(execution -> !execution.getState().isTerminal()
                        && execution.getAssignedResourceLocation() != null
                        && taskManagers.contains(
                                execution.getAssignedResourceLocation().getResourceID()))
                .toList();
    }

    private boolean allRun() {
        return host.executions().values().stream()
                .allMatch(execution -> execution.getState() == ExecutionState.RUNNING
                        || execution.getState() == ExecutionState.FINISHED);
    }

    /** One for each slot that {@code tasks} have, and large enough for what shares it. */
    private static Map<AllocationID, ResourceProfile> profiles(Collection<Execution> tasks) {
        Map<AllocationID, ResourceProfile> bySlot = new LinkedHashMap<>();
        for (Execution task : tasks) {
            LogicalSlot slot = task.getAssignedResource();
            bySlot.merge(slot.getAllocationId(), profile(task.getVertex()), Handover::larger);
        }
        return bySlot;
    }

    private static ResourceProfile profile(ExecutionVertex vertex) {
        ResourceProfile shared = vertex.getJobVertex().getSlotSharingGroup().getResourceProfile();
        return shared.equals(ResourceProfile.UNKNOWN) ? vertex.getResourceProfile() : shared;
    }

    private static ResourceProfile larger(ResourceProfile one, ResourceProfile other) {
        return one.equals(other) ? one : one.merge(other);
    }
}
