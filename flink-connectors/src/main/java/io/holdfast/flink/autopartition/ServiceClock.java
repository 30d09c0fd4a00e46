package io.holdfast.flink.autopartition;

import java.util.function.LongSupplier;

/**
 * Measures how long a task is busy with what its gates hand to it: from the hand-over until it comes for the next, to
 * whichever of its gates. Task thread only; what does nothing in tasks without automatic edges costs them one look at a
 * field per buffer. Happens-before: gates are counted before the task thread is started.
 */
public final class ServiceClock {

    private final LongSupplier clock;
    private int gates;
    private Consumption handed;
    private Consumption serving;
    private boolean exact;
    private long since;

    /** Any thread. {@code nanoClock}: as {@link System#nanoTime()}. */
    public ServiceClock(LongSupplier nanoClock) {
        this.clock = nanoClock;
    }

    /** TaskExecutor main thread, while the task is created. It has one more gate, of whatever kind. */
    public void gate() {
        gates++;
    }

    void handed(Consumption channel) {
        handed = channel;
    }

    /** Task thread. The task comes to one of its gates: it is done with what it got last. */
    public void come() {
        if (serving != null) {
            Consumption done = serving;
            serving = null;
            long now = clock.getAsLong();
            done.served(now - since, exact, now);
        }
    }

    /**
     * Task thread. The task leaves the gate with what that has.
     *
     * @param more whether the gate has more. If not, and the task reads a union, it need not come back when it is done:
     *     then the time until it does tells nothing
     */
    public void gone(boolean more) {
        if (handed != null) {
            serving = handed;
            handed = null;
            exact = more || gates == 1;
            since = clock.getAsLong();
        }
    }
}
