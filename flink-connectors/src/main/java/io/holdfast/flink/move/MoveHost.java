package io.holdfast.flink.move;

import io.holdfast.flink.handoff.FetchState;
import io.holdfast.flink.handoff.StateOffer;
import io.holdfast.flink.move.MoveSlots.Reserved;
import io.holdfast.flink.restart.RestartHost;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;

/** What moves need of the scheduler around them, besides {@link RestartHost}. JobMaster main thread only. */
public interface MoveHost {

    /** A small task in a slot that waits for a task of the job. */
    interface Errand {

        /**
         * Completed on the main thread when it has ended, however, with the values of its accumulators: none if it did not
         * finish.
         */
        CompletableFuture<Map<String, Object>> ended();

        /** It is not wanted any more. */
        void cancel();
    }

    /** The job. */
    RestartHost job();

    /** Why tasks of this job cannot be handed over: empty if they can. */
    Optional<String> reasonAgainstHandover();

    /** Why {@code vertices} cannot be restarted without others: empty if they can. */
    Optional<String> reasonAgainstRestarting(Collection<ExecutionVertexID> vertices);

    /**
     * Has the TaskManagers of {@code slots} prepare for the tasks of {@code moved}. Completed on the main thread, when they
     * have or could not.
     */
    CompletableFuture<Void> warmUp(Collection<Reserved> slots, Collection<Execution> moved);

    /**
     * Has the TaskManager of {@code slot} fetch local state of {@code task}, see {@link FetchState}.
     *
     * @param move id of the move
     * @param ahead whether files are only collected
     */
    Errand fetchState(String move, Reserved slot, Execution task, StateOffer offer, long checkpoint, boolean ahead);

    /** The latest checkpoint that has completed, -1 if none has. */
    long latestCheckpoint();

    /** What {@code task} would restore from it, in bytes; 0 if that is not known. */
    long stateBytes(Execution task);

    /**
     * Has producers that choose the receiver of a record choose none on {@code taskManagers}, so that little waits there when
     * these are left; or as usual again.
     */
    void drain(Collection<ResourceID> taskManagers, boolean on);

    /** Triggers a checkpoint. The future is completed on the main thread, with its id or why it failed. */
    CompletableFuture<Long> checkpoint();

    /**
     * Runs {@code then} on the main thread, when the coordinators of operators have heard of the checkpoints that have
     * completed. Flink tells them a moment after a checkpoint is in its store; who is restarted before that is told of a
     * checkpoint that he has not seen, and what coordinators hold back for others meanwhile is never sent.
     */
    void whenCoordinatorsKnow(Runnable then);

    /** Whether a checkpoint is under way. */
    boolean checkpointsPending();

    /** Whether a savepoint is under way: nobody wants it aborted. */
    boolean savepointPending();

    /** No checkpoint is triggered by time any more; those under way, and savepoints, are aborted. */
    void stopCheckpoints();

    /** Checkpoints are triggered by time again, if the job wants that. Does no harm if they are already. */
    void startCheckpoints();

    /** Whether checkpoints are triggered by time at all. */
    boolean hasPeriodicCheckpoints();

    /**
     * Gives up {@code moved}, which have stopped, and starts their tasks again from the latest checkpoint, which must be
     * {@code checkpoint} and is what they have stopped at.
     *
     * @param reason for the ledger
     * @param stopped called just before the tasks ask for slots
     */
    void restartFrom(long checkpoint, Collection<Execution> moved, String reason, Runnable stopped);
}
