package io.holdfast.benchmarks.autopartition;

import java.util.concurrent.TimeUnit;

/**
 * When one receiver is done with its records, each of which takes the same time. As long as one follows the other, they
 * follow on a grid, however late the thread wakes up: so the receiver serves exactly one record per service time. Pure.
 */
final class Service {

    /** A record that comes so soon after the last one was waiting for it. */
    static final long NEXT_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    /** What a thread that got no processor may catch up with. */
    static final long MOST_LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final long serviceNanos;
    private boolean begun;
    private long dueNanos;
    private long endedNanos;

    Service(long serviceNanos) {
        this.serviceNanos = serviceNanos;
    }

    /** A record is there at {@code nowNanos}; returns when it is served. */
    long begin(long nowNanos) {
        boolean waited = begun && nowNanos - endedNanos <= NEXT_NANOS;
        begun = true;
        long from = waited ? Math.max(dueNanos, nowNanos - MOST_LATE_NANOS) : nowNanos;
        dueNanos = from + serviceNanos;
        return dueNanos;
    }

    /** The record that was begun is not served before this time. */
    void delay(long untilNanos) {
        dueNanos = Math.max(dueNanos, untilNanos);
    }

    /** When the record that was begun is served. */
    long dueNanos() {
        return dueNanos;
    }

    /** The thread is done with the record that was begun. */
    void ended(long nowNanos) {
        endedNanos = nowNanos;
    }
}
