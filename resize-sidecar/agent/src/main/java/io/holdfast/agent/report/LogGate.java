package io.holdfast.agent.report;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Keeps what repeats itself from filling the log: a thing is told when it is another than the last, or a minute later. */
public final class LogGate {
    private static final long REPEAT_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final LongSupplier nanoClock;
    private String last = "";
    private long toldNanos;

    public LogGate(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /** Returns whether to tell it. Any thread. */
    public synchronized boolean opens(String what) {
        long now = nanoClock.getAsLong();
        if (what.equals(last) && now - toldNanos < REPEAT_NANOS) {
            return false;
        }
        last = what;
        toldNanos = now;
        return true;
    }
}
