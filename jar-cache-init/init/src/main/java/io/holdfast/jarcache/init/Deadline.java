package io.holdfast.jarcache.init;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The moment at which a run must be done.
 *
 * @param nanoClock such as {@link System#nanoTime}
 */
record Deadline(LongSupplier nanoClock, long atNanos) {
    static Deadline in(Duration duration, LongSupplier nanoClock) {
        return new Deadline(nanoClock, nanoClock.getAsLong() + duration.toNanos());
    }

    /** Never negative. */
    long leftNanos() {
        return Math.max(0, atNanos - nanoClock.getAsLong());
    }

    boolean passed() {
        return leftNanos() == 0;
    }
}
