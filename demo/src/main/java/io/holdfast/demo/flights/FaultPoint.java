package io.holdfast.demo.flights;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** A place in an operator where the demo can make it fail. Looks at the disk at most every 20 ms. Task thread. */
final class FaultPoint {

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final RunDirectory run;
    private final String operator;
    private final int subtask;
    private long lookedNanos = System.nanoTime();

    FaultPoint(RunDirectory run, String operator, int subtask) {
        this.run = run;
        this.operator = operator;
        this.subtask = subtask;
    }

    /** Throws if a failure of this subtask was asked for. */
    void pass() throws IOException {
        long nowNanos = System.nanoTime();
        if (nowNanos - lookedNanos < PAUSE_NANOS) {
            return;
        }
        lookedNanos = nowNanos;
        if (run.takeFailure(operator, subtask)) {
            throw new InjectedFault(
                    "Subtask %d of %s fails because the demo asked for it.".formatted(subtask, operator));
        }
    }

    /** A failure on request. */
    static final class InjectedFault extends RuntimeException {
        private static final long serialVersionUID = 1L;

        InjectedFault(String message) {
            super(message);
        }
    }
}
