package io.holdfast.flink.rest;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import javax.annotation.concurrent.GuardedBy;

/**
 * Requests that change something, one after the other: each asks several jobs, and all jobs must be asked in the same order.
 * Any thread. Locks: the own one, under which nothing else is done.
 */
final class Turns {

    private final Object lock = new Object();

    /** Done when the request before is answered. */
    @GuardedBy("lock")
    private CompletableFuture<?> turn = CompletableFuture.completedFuture(null);

    /** Does {@code work} when what came before it is done, well or not. */
    <T> CompletableFuture<T> take(Supplier<CompletableFuture<T>> work) {
        CompletableFuture<T> mine = new CompletableFuture<>();
        CompletableFuture<?> before;
        synchronized (lock) {
            before = turn;
            turn = mine;
        }
        before.whenComplete((done, failure) -> {
            try {
                work.get().whenComplete((answer, refusal) -> {
                    if (refusal == null) {
                        mine.complete(answer);
                    } else {
                        mine.completeExceptionally(refusal);
                    }
                });
            } catch (RuntimeException e) { // nobody behind it may wait for ever
                mine.completeExceptionally(e);
            }
        });
        return mine;
    }
}
