package io.holdfast.demo;

import io.holdfast.testing.FlinkRest;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks for the job's status ten times a second and remembers when it changed.
 *
 * <p>Threads: one of its own, ended by {@link #close()}; everything else may be called from any thread.
 */
final class JobWatch implements AutoCloseable {

    private static final long PAUSE_NANOS = 100_000_000;

    private final FlinkRest rest;
    private final String jobId;
    private final List<Change> changes = new CopyOnWriteArrayList<>();
    private final Thread thread = new Thread(this::watch, "job-watch");
    private volatile boolean closed;

    /** The job was seen in {@code state} for the first time since another one. */
    record Change(long atMillis, String state) {}

    JobWatch(FlinkRest rest, String jobId) {
        this.rest = rest;
        this.jobId = jobId;
        thread.setDaemon(true);
        thread.start();
    }

    /** The states seen within the window, the one at its begin included. */
    List<String> states(long fromMillis, long toMillis) {
        List<String> states = new ArrayList<>();
        String before = null;
        for (Change change : changes) {
            if (change.atMillis() < fromMillis) {
                before = change.state();
            } else if (change.atMillis() <= toMillis) {
                states.add(change.state());
            }
        }
        if (before != null) {
            states.add(0, before);
        }
        return states;
    }

    /** Milliseconds within the window in which the job was in another state than RUNNING. */
    long millisNotRunning(long fromMillis, long toMillis) {
        return millisNotRunning(changes, fromMillis, toMillis);
    }

    static long millisNotRunning(List<Change> changes, long fromMillis, long toMillis) {
        long sum = 0;
        for (int i = 0; i < changes.size(); i++) {
            Change change = changes.get(i);
            long begin = Math.max(fromMillis, change.atMillis());
            long end = Math.min(
                    toMillis, i + 1 < changes.size() ? changes.get(i + 1).atMillis() : toMillis);
            if (!change.state().equals("RUNNING") && end > begin) {
                sum += end - begin;
            }
        }
        return sum;
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }

    private void watch() {
        String last = "";
        while (!closed) {
            try {
                String state =
                        rest.get("/jobs/" + jobId + "/status").path("status").asText();
                if (!state.equals(last)) {
                    changes.add(new Change(System.currentTimeMillis(), state));
                    last = state;
                }
            } catch (UncheckedIOException | FlinkRest.Refusal e) {
                // No answer is no status: the next one counts.
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
