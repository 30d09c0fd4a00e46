package io.holdfast.flink.autopartition;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/**
 * Has the channels of one gate tell their producers what its task consumes. Each does so at most every {@link
 * #intervalNanos}; what is left when the task pauses is told by a timer. Thread-safe.
 *
 * <p>Happens-before: a channel counts, and then looks at {@code scheduled}, in one hold of its monitor; the timer
 * resets {@code scheduled} before it takes the monitors. So whoever finds it set will still be visited, and what it has
 * counted is seen by monitor; whoever finds it reset sets the timer again.
 */
public final class Feedback {

    /** Runs work once, later, on a thread that may send messages. */
    public interface Timer {
        /** Any thread. */
        void schedule(Runnable work, long delayMs);
    }

    /** A producer is told so often at most. */
    private static final long INTERVAL_MS = 5;

    /** Gates of more channels tell each less often. */
    private static final int CHANNELS_PER_INTERVAL = 64;

    private final ServiceClock service;
    private final Timer timer;
    private final LongSupplier clock;
    private final ServiceRate rate = new ServiceRate();
    private final List<Consumption> channels = new CopyOnWriteArrayList<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final long intervalMs;

    /**
     * TaskExecutor main thread, while the task is created.
     *
     * @param service the task's, shared by its gates
     * @param channels how many the gate has
     * @param nanoClock as {@link System#nanoTime()}
     */
    public Feedback(ServiceClock service, int channels, Timer timer, LongSupplier nanoClock) {
        this.service = service;
        this.timer = timer;
        this.clock = nanoClock;
        intervalMs = INTERVAL_MS * Math.max(1, channels / CHANNELS_PER_INTERVAL);
    }

    /** TaskExecutor main thread, while the task is created. For one more channel. */
    public Consumption channel() {
        Consumption channel = new Consumption(this);
        channels.add(channel);
        return channel;
    }

    ServiceClock service() {
        return service;
    }

    ServiceRate rate() {
        return rate;
    }

    long intervalNanos() {
        return intervalMs * 1_000_000;
    }

    /** Any thread; it may hold a channel's monitor. */
    void tellLater() {
        if (!scheduled.get() && scheduled.compareAndSet(false, true)) {
            timer.schedule(this::tellRest, intervalMs);
        }
    }

    private void tellRest() {
        scheduled.set(false);
        long now = clock.getAsLong();
        for (Consumption channel : channels) {
            channel.tellRest(now);
        }
    }
}
