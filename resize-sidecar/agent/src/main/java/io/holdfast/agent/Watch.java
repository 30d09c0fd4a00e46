package io.holdfast.agent;

import io.holdfast.agent.report.AgentLog;
import io.holdfast.agent.report.Rounds;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Looks at the heap about every second, and soon after each collection. */
final class Watch {
    private static final long PERIOD_MILLIS = 1_000;
    private static final long REST_MILLIS = 50;

    private final Runnable first;
    private final Runnable look;
    private final Semaphore wakes = new Semaphore(0);
    private final Thread thread;
    private volatile boolean ended;
    private boolean firstDue = true;
    private boolean paused;

    /**
     * @param first done at the beginning, and after each pause
     * @param look done again and again
     */
    Watch(Runnable first, Runnable look, AgentLog log) {
        this.first = first;
        this.look = look;
        this.thread = new Thread(
                null, new Rounds(this::round, "Look at the heap failed", log), "holdfast-agent-watch", 0, false);
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Any thread: look soon. */
    void wake() {
        wakes.release();
    }

    /** Returns when it looks no more, until {@link #resume()}. Needs no memory; nor does that. */
    synchronized void pause() {
        paused = true;
    }

    synchronized void resume() {
        paused = false;
        firstDue = true;
        wake();
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

    private boolean round() {
        if (ended) {
            return false;
        }
        look();
        try {
            TimeUnit.MILLISECONDS.sleep(REST_MILLIS); // collections may follow each other closely
            wakes.tryAcquire(PERIOD_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody of ours does that; whoever did wants it to end
            return false;
        }
        wakes.drainPermits();
        return true;
    }

    private synchronized void look() {
        if (paused) {
            return;
        }
        if (firstDue) {
            first.run();
            firstDue = false;
        }
        look.run();
    }
}
