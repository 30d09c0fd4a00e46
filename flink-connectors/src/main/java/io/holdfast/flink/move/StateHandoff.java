package io.holdfast.flink.move;

import io.holdfast.flink.handoff.FetchState;
import io.holdfast.flink.handoff.StateOffer;
import io.holdfast.flink.move.MoveHost.Errand;
import io.holdfast.flink.move.MoveSlots.Reserved;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import javax.annotation.Nullable;
import org.apache.flink.runtime.clusterframework.types.AllocationID;
import org.apache.flink.runtime.executiongraph.Execution;

/**
 * Has the TaskManagers where tasks are about to be put fetch the local state of these tasks: that of an earlier checkpoint
 * ahead, while all goes on, and when the tasks stand still what is new since. JobMaster main thread only.
 */
final class StateHandoff {

    /** Less is read from the checkpoint storage as quickly. */
    private static final long LEAST_BYTES = 4L << 20;

    private final MoveHost mover;
    private final Move move;
    private final List<Fetch> fetches = new ArrayList<>();

    /** Whether what was fetched ahead has been put in its place. */
    private boolean spent;

    StateHandoff(MoveHost mover, Move move) {
        this.mover = mover;
        this.move = move;
    }

    /** What is fetched for one task. */
    private final class Fetch {
        private final Execution task;
        private final Reserved slot;
        private final StateOffer offer;
        private boolean done;
        private boolean stopped;

        @Nullable
        private Errand errand;

        Fetch(Execution task, Reserved slot, StateOffer offer) {
            this.task = task;
            this.slot = slot;
            this.offer = offer;
        }

        /** Again, when a newer checkpoint has replaced the one whose state is being fetched. */
        CompletableFuture<Void> ahead(long checkpoint) {
            return send(checkpoint, true).thenCompose(ended -> {
                long latest = mover.latestCheckpoint();
                return done || stopped || latest == checkpoint
                        ? CompletableFuture.completedFuture(null)
                        : ahead(latest);
            });
        }

        CompletableFuture<Void> send(long checkpoint, boolean ahead) {
            done = false;
            stopped = false;
            Errand mine = mover.fetchState(move.id, slot, task, offer, checkpoint, ahead);
            errand = mine;
            return mine.ended().thenAccept(said -> {
                if (errand == mine) {
                    errand = null;
                    done = number(said.get(FetchState.DONE)) > 0;
                    move.fetched(task, number(said.get(FetchState.BYTES)));
                }
            });
        }
    }

    private static long number(@Nullable Object value) {
        return value instanceof Long number ? number : 0;
    }

    /**
     * Begins to fetch what of {@code tasks} is offered and worth it.
     *
     * @return completed on the main thread when there is no more to do for now
     */
    CompletableFuture<Void> ahead(Collection<Execution> tasks, Collection<Reserved> slots) {
        stop();
        fetches.clear();
        spent = false;
        long checkpoint = mover.latestCheckpoint();
        for (Execution task : tasks) {
            AllocationID from = task.getAssignedAllocationID();
            StateOffer offer = move.offerOf(task);
            if (offer != null && checkpoint >= 0 && mover.stateBytes(task) >= LEAST_BYTES) {
                slots.stream()
                        .filter(slot -> slot.instead().equals(from))
                        .findFirst()
                        .ifPresent(slot -> fetches.add(new Fetch(task, slot, offer)));
            }
        }
        return all(fetches.stream().map(fetch -> fetch.ahead(checkpoint)).toList());
    }

    /** No more is fetched for now. */
    void stop() {
        for (Fetch fetch : fetches) {
            fetch.stopped = true;
            if (fetch.errand != null) {
                fetch.errand.cancel();
                fetch.errand = null;
            }
        }
    }

    /** Whether there is state of which most was fetched ahead. */
    boolean isReady() {
        return !spent && fetches.stream().anyMatch(fetch -> fetch.done);
    }

    /**
     * Fetches what is new in {@code checkpoint}, and has it all put where the tasks will look for it.
     *
     * @return completed on the main thread when all have ended, however
     */
    CompletableFuture<Void> complete(long checkpoint) {
        spent = true;
        fetches.removeIf(Predicate.not(fetch -> fetch.done));
        return all(fetches.stream().map(fetch -> fetch.send(checkpoint, false)).toList());
    }

    private static CompletableFuture<Void> all(List<CompletableFuture<Void>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    }
}
