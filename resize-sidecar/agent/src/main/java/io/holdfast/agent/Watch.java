package io.holdfast.agent;

import io.holdfast.agent.report.AgentLog;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Looks at the heap about every second, and soon after each collection. */
final class Watch {
    private static final long PERIOD_MILLIS = 1_000;
    private static final long REST_MILLIS = 50;

    private final Runnable look;
    private final AgentLog log;
    private final Semaphore wakes = new Semaphore(0);
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
        wakes.release();
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
        try {
            while (!ended) {
                done(look);
                TimeUnit.MILLISECONDS.sleep(REST_MILLIS); // collections may follow each other closely
                wakes.tryAcquire(PERIOD_MILLIS, TimeUnit.MILLISECONDS);
                wakes.drainPermits();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody of ours does that; whoever did wants it to end
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
