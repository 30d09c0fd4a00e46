package io.holdfast.migration.state;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Lets answers go one after the other, in the order in which they came, as fast as a rate allows. Thread-safe. */
final class Pacer {
    private final TokenBucket bucket;
    private final LongSupplier nanoClock;
    private final Timer timer;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private boolean timed;

    /** Runs something later, once. */
    interface Timer {
        void after(long millis, Runnable task);
    }

    private record Waiting(long bytes, Runnable go) {}

    Pacer(TokenBucket bucket, LongSupplier nanoClock, Timer timer) {
        this.bucket = bucket;
        this.nanoClock = nanoClock;
        this.timer = timer;
    }

    /**
     * Runs {@code go}, which sends {@code bytes}, when it is its turn: now, or in a timer's thread.
     *
     * @return to be run when nobody waits for it any more; does nothing once it went
     */
    Runnable await(long bytes, Runnable go) {
        Waiting one = new Waiting(bytes, go);
        synchronized (this) {
            waiting.add(one);
        }
        letGo();
        return () -> {
            synchronized (this) {
                waiting.removeIf(other -> other == one);
            }
        };
    }

    private void letGo() {
        for (Waiting next = next(); next != null; next = next()) {
            next.go().run();
        }
    }

    /** Who may go now; null if nobody, and then there is a timer if somebody waits. */
    private synchronized Waiting next() {
        if (timed || waiting.isEmpty()) {
            return null;
        }
        long now = nanoClock.getAsLong();
        long wait = bucket.waitNanos(now);
        if (wait > 0) {
            timed = true;
            timer.after(TimeUnit.NANOSECONDS.toMillis(wait) + 1, this::rung);
            return null;
        }
        Waiting next = waiting.remove();
        bucket.take(next.bytes(), now);
        return next;
    }

    private void rung() {
        synchronized (this) {
            timed = false;
        }
        letGo();
    }
}
