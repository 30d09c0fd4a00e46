package io.holdfast.agent.report;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** A moment by which work must be done, on a clock that never jumps. */
public final class Deadline {
    private final LongSupplier nanoClock;
    private final long endNanos;

    private Deadline(LongSupplier nanoClock, long endNanos) {
        this.nanoClock = nanoClock;
        this.endNanos = endNanos;
    }

    /** Returns the moment {@code millis} from now. */
    public static Deadline in(long millis, LongSupplier nanoClock) {
        return new Deadline(nanoClock, nanoClock.getAsLong() + TimeUnit.MILLISECONDS.toNanos(millis));
    }

    /** Returns whether the moment has come. */
    public boolean passed() {
        return nanoClock.getAsLong() - endNanos >= 0;
    }
}
