package io.holdfast.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Waits until an assertion holds, and says what it saw last when it never did.
 *
 * <pre>{@code
 * Eventually.until(Duration.ofSeconds(20), () -> assertThat(rest.job(id).state()).isEqualTo("RUNNING"));
 * }</pre>
 *
 * <p>The assertion runs in the calling thread, about every 50 ms, and at least once. Not Awaitility: that changes
 * JVM-wide state.
 */
public final class Eventually {

    private static final long PAUSE_NANOS = Duration.ofMillis(50).toNanos();

    private Eventually() {}

    /** An assertion that may fail now and hold later. Any exception counts as "not yet". */
    @FunctionalInterface
    public interface Check {
        void run() throws Exception;
    }

    /** Returns when {@code check} first passes; throws {@link AssertionError} with its last failure after the timeout. */
    public static void until(Duration timeout, Check check) {
        long startNanos = System.nanoTime();
        for (int tries = 1; ; tries++) {
            Throwable failure = tried(check);
            if (failure == null) {
                return;
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new AssertionError("Interrupted while waiting. Last failure: " + failure, failure);
            }
            if (System.nanoTime() - startNanos >= timeout.toNanos()) {
                throw new AssertionError(
                        "Not true within %d ms (%d tries). Last failure: %s"
                                .formatted(timeout.toMillis(), tries, failure),
                        failure);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** Returns the first value that {@code call} returns without throwing. */
    public static <T> T value(Duration timeout, Callable<T> call) {
        AtomicReference<T> value = new AtomicReference<>();
        until(timeout, () -> value.set(call.call()));
        return value.get();
    }

    private static Throwable tried(Check check) {
        try {
            check.run();
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return e;
        } catch (Exception | AssertionError e) {
            return e;
        }
    }
}
