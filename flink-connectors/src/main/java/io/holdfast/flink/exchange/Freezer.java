package io.holdfast.flink.exchange;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.annotation.Nullable;
import javax.annotation.concurrent.GuardedBy;
import org.apache.flink.runtime.execution.CancelTaskException;

/**
 * Whether a task is to stop behind a barrier, and what it waits for then. Thread-safe.
 *
 * <p>Happens-before: an order is published by the volatile write of {@code order} on the TaskExecutor's main thread,
 * before the JobMaster hears that it was given, and so before it triggers the checkpoint whose barrier the task stops
 * behind: whoever sees that barrier sees the order. A task waits for the very order that it found: one that is given
 * after that one was taken back does not stop it where it already stands.
 */
public final class Freezer {

    /**
     * To stop behind the first barrier of a checkpoint {@code from} or later.
     *
     * @param over complete when the task may go on, or must leave
     */
    public record Order(long from, CompletableFuture<Void> over) {}

    /** Instead of a checkpoint's id, for a task that has not stopped. */
    static final long NOWHERE = -1;

    private volatile @Nullable Order order;
    private volatile long stoppedAt = NOWHERE;
    private volatile boolean leaving;

    @GuardedBy("this")
    private void finish() {
        Order ended = order;
        if (ended != null) {
            order = null; // first, or who goes on would find it again
            stoppedAt = NOWHERE;
            ended.over.complete(null);
        }
    }

    /** TaskExecutor main thread. */
    synchronized void order(long from) {
        if (!leaving && (order == null || order.from != from)) {
            finish();
            order = new Order(from, new CompletableFuture<>());
        }
    }

    /** TaskExecutor main thread. */
    synchronized void thaw() {
        finish();
    }

    /** Any thread. The task was cancelled, or has ended. */
    synchronized void leave() {
        leaving = true;
        finish();
    }

    /** Any thread. What the task was told last; null if nothing stops it. */
    @Nullable
    Order order() {
        return order;
    }

    /** Task thread. It has stopped for {@code reason}, behind the barrier of {@code checkpoint}. */
    synchronized void stopped(Order reason, long checkpoint) {
        if (order == reason) {
            stoppedAt = checkpoint;
        }
    }

    /** Any thread. Behind the barrier of which checkpoint the task has stopped; {@link #NOWHERE} if it has not. */
    long stoppedAt() {
        return stoppedAt;
    }

    /**
     * Task thread. Waits until {@code stopped} is over.
     *
     * @throws CancelTaskException if it is because the task is to leave
     */
    void await(Order stopped) {
        try {
            stopped.over.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelTaskException(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("An order to freeze ends in no other way than by completion", e);
        }
        if (leaving) {
            throw new CancelTaskException("The task was cancelled while it was frozen");
        }
    }
}
