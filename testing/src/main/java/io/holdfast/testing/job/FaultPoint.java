package io.holdfast.testing.job;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** A place in an operator where it can be made to fail. Looks at the disk at most every 10 ms. Task thread. */
public final class FaultPoint {

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final FaultRequests requests;
    private final String operator;
    private final int subtask;
    private final LongSupplier clockNanos;
    private long lookedNanos;

    public FaultPoint(FaultRequests requests, String operator, int subtask) {
        this(requests, operator, subtask, System::nanoTime);
    }

    FaultPoint(FaultRequests requests, String operator, int subtask, LongSupplier clockNanos) {
        this.requests = requests;
        this.operator = operator;
        this.subtask = subtask;
        this.clockNanos = clockNanos;
        this.lookedNanos = clockNanos.getAsLong() - PAUSE_NANOS;
    }

    /** Throws if a failure of this subtask was asked for. */
    public void pass() throws IOException {
        long nowNanos = clockNanos.getAsLong();
        if (nowNanos - lookedNanos < PAUSE_NANOS) {
            return;
        }
        lookedNanos = nowNanos;
        if (requests.take(operator, subtask)) {
            throw new InjectedFault("Subtask %d of %s fails because it was asked to.".formatted(subtask, operator));
        }
    }

    /** A failure on request. */
    public static final class InjectedFault extends RuntimeException {
        private static final long serialVersionUID = 1L;

        InjectedFault(String message) {
            super(message);
        }
    }
}
