package io.holdfast.flink.restart;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what other threads do; the test's own timeout ends it. */
final class Waiting {

    private static final long POLL_NANOS = 10_000_000;

    private Waiting() {}

    static void until(BooleanSupplier done) {
        while (!done.getAsBoolean()) {
            pause();
        }
    }

    static void pause() {
        LockSupport.parkNanos(POLL_NANOS);
        if (Thread.currentThread().isInterrupted()) {
            throw new IllegalStateException("interrupted while waiting");
        }
    }
}
