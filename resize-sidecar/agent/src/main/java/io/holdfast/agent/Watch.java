package io.holdfast.agent;

import io.holdfast.agent.report.AgentLog;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Looks at the heap about every second, and soon after each collection. */
final class Watch {
    private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Runnable look;
    private final AgentLog log;
    private final Thread thread;
    private volatile boolean ended;
    private boolean failed;

    /**
     * @param first done once, at the beginning
     * @param look done again and again
     */
    Watch(Runnable first, Runnable look, AgentLog log) {
        this.look = look;
        this.log = log;
        this.thread = new Thread(null, () -> run(first), "holdfast-agent-watch", 0, false);
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Any thread: look soon. */
    void wake() {
        LockSupport.unpark(thread);
    }

    /** Returns when it looks no more. */
    void end() {
        ended = true;
        wake();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run(Runnable first) {
        done(first);
        while (!ended) {
            done(look);
            LockSupport.parkNanos(REST_NANOS); // collections may follow each other closely
            LockSupport.parkNanos(PERIOD_NANOS);
        }
    }

    private void done(Runnable work) {
        try {
            work.run();
            failed = false;
        } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
            if (!failed) {
                log.warn("Look at the heap failed", "cause", e, "next", "looks again");
            }
            failed = true;
        }
    }
}
