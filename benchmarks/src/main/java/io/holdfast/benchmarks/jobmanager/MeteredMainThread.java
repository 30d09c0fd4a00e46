package io.holdfast.benchmarks.jobmanager;

import java.lang.management.ManagementFactory;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Delayed;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.concurrent.ComponentMainThreadExecutor;
import org.apache.flink.util.concurrent.ScheduledExecutorServiceAdapter;

/** A JobMaster's main thread with a meter: how long it was busy, waiting not counted. Thread-safe. */
final class MeteredMainThread extends ScheduledExecutorServiceAdapter
        implements ComponentMainThreadExecutor, AutoCloseable {

    private final Meter meter;

    MeteredMainThread() {
        this(new Meter());
    }

    private MeteredMainThread(Meter meter) {
        super(meter);
        this.meter = meter;
    }

    /** Time that the thread has worked so far, in nanoseconds: by the clock, and by the processor. */
    record Reading(long busyNanos, long cpuNanos) {

        Reading since(Reading earlier) {
            return new Reading(busyNanos - earlier.busyNanos, cpuNanos - earlier.cpuNanos);
        }
    }

    /** Includes what the task that runs now has taken so far. */
    Reading read() {
        return meter.read();
    }

    /** Whether nothing runs and nothing is due. */
    boolean isIdle() {
        Delayed next = (Delayed) meter.getQueue().peek();
        return !meter.isBusy() && (next == null || next.getDelay(TimeUnit.NANOSECONDS) > 0);
    }

    /** What the first task that failed has thrown; null if none has. */
    Throwable failure() {
        return meter.failure;
    }

    @Override
    public void assertRunningInMainThread() {
        if (Thread.currentThread() != meter.thread) {
            throw new IllegalStateException(
                    "not in the main thread but in " + Thread.currentThread().getName());
        }
    }

    @Override
    public void close() {
        meter.shutdownNow();
    }

    private static final class Meter extends ScheduledThreadPoolExecutor {

        private volatile Thread thread;
        private volatile Throwable failure;
        private long busyNanos; // both guarded by this
        private long sinceNanos = -1;

        Meter() {
            super(1);
        }

        @Override
        protected void beforeExecute(Thread runs, Runnable task) {
            thread = runs;
            synchronized (this) {
                sinceNanos = System.nanoTime();
            }
        }

        @Override
        protected void afterExecute(Runnable task, Throwable thrown) {
            synchronized (this) {
                busyNanos += System.nanoTime() - sinceNanos;
                sinceNanos = -1;
            }
            if (failure == null && task instanceof Future<?> future && future.isDone()) {
                try {
                    future.get();
                } catch (CancellationException | InterruptedException e) {
                    // the job ends
                } catch (ExecutionException e) {
                    failure = e.getCause();
                }
            }
        }

        synchronized boolean isBusy() {
            return sinceNanos >= 0;
        }

        synchronized Reading read() {
            long running = sinceNanos < 0 ? 0 : System.nanoTime() - sinceNanos;
            Thread of = thread;
            long cpuNanos = of == null ? 0 : ManagementFactory.getThreadMXBean().getThreadCpuTime(of.getId());
            return new Reading(busyNanos + running, cpuNanos);
        }
    }
}
