package io.holdfast.migration.state;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How long what is sent has to wait so that it is not more than a rate. Pure: the clock is a parameter. What is large is sent at
 * once and paid for by those that come after it, so that nobody waits without need; of the time when nothing was sent only
 * {@link #SAVED} counts.
 *
 * <p>Not thread-safe.
 */
final class TokenBucket {
    /** How much of the rate may be sent at once that was not used before: timers are no finer than milliseconds. */
    static final Duration SAVED = Duration.ofMillis(100);

    private static final double NANOS = TimeUnit.SECONDS.toNanos(1);

    private final long bytesPerSecond;
    private long paidNanos;
    private boolean used;

    TokenBucket(long bytesPerSecond) {
        if (bytesPerSecond <= 0) {
            throw new IllegalArgumentException("bytesPerSecond must be more than 0: " + bytesPerSecond);
        }
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Until the next one may be sent; 0 if that is now. */
    long waitNanos(long nowNanos) {
        return used ? Math.max(0, paidNanos - nowNanos - SAVED.toNanos()) : 0;
    }

    /** {@code bytes} are sent now. */
    void take(long bytes, long nowNanos) {
        long from = used && paidNanos - nowNanos > 0 ? paidNanos : nowNanos;
        paidNanos = from + (long) (bytes * NANOS / bytesPerSecond);
        used = true;
    }
}
