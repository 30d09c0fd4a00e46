package io.holdfast.benchmarks.job;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A place in an operator where it can be made to fail. Looks at the disk at most every 10 ms. Task thread. */
final class FaultPoint {

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final RunDirectory run;
    private final String operator;
    private final int subtask;
    private long lookedNanos = System.nanoTime() - PAUSE_NANOS;

    FaultPoint(String directory, String operator, int subtask) {
        this.run = new RunDirectory(Path.of(directory));
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
            throw new InjectedFault("Subtask %d of %s fails because it was asked to.".formatted(subtask, operator));
        }
    }

    /** Whether the sources shall be silent. Any thread. */
    boolean isPaused() {
        return run.isPaused();
    }

    /** Reports a record that is not as it was sent. */
    void check(int split, long sequence, byte[] payload) throws IOException {
        if (payload.length > 0 && !Payload.isIntact(payload, split, sequence)) {
            run.reportDamage(
                    operator + "-" + subtask,
                    "record %d of split %d with %d bytes of payload".formatted(sequence, split, payload.length));
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
