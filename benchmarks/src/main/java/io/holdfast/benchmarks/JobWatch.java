package io.holdfast.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.testing.FlinkRest;
import java.io.UncheckedIOException;
import java.time.LocalTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks for the job's status and its ledger's totals ten times a second and remembers when they changed.
 *
 * <p>Threads: one of its own, ended by {@link #close()}; everything else may be called from any thread.
 */
final class JobWatch implements AutoCloseable {

    private static final long PAUSE_NANOS = 100_000_000;

    private final FlinkRest rest;
    private final String jobId;
    private final List<Change> changes = new CopyOnWriteArrayList<>();
    private final List<String> ledgerTrace = new CopyOnWriteArrayList<>();
    private final Thread thread = new Thread(this::watch, "job-watch");
    private volatile boolean closed;
    private final Map<Long, String> lastIncidents = new HashMap<>(); // by id; the watching thread's
    private String lastTotals = "";

    /** The job was seen in {@code state} for the first time since another one. Epoch milliseconds. */
    record Change(long atMillis, String state) {}

    JobWatch(FlinkRest rest, String jobId) {
        this.rest = rest;
        this.jobId = jobId;
        thread.setDaemon(true);
        thread.start();
    }

    /** The states that were seen, in order. */
    List<String> states() {
        return changes.stream().map(Change::state).toList();
    }

    /** The state seen last; empty before the first answer. */
    String state() {
        return changes.isEmpty() ? "" : changes.get(changes.size() - 1).state();
    }

    /** The ledger's totals whenever they had changed, and the incidents that had: shows when something was booked. */
    List<String> ledgerTrace() {
        return ledgerTrace;
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }

    private void trace(JsonNode ledger) {
        String totals = ledger.path("totals").toString();
        if (totals.equals(lastTotals)) {
            return;
        }
        lastTotals = totals;
        JsonNode sum = ledger.path("totals");
        StringBuilder line = new StringBuilder("%s %d incidents, %d lost, %d delivered:"
                .formatted(
                        LocalTime.now(),
                        sum.path("incidents").asLong(),
                        sum.path("lostRecords").asLong(),
                        sum.path("deliveredRecords").asLong()));
        for (JsonNode incident : ledger.path("incidents")) {
            long id = incident.path("id").asLong();
            String now = incident.path("state").asText() + " " + incident.path("lostRecords") + "-"
                    + incident.path("deliveredRecords");
            String before = lastIncidents.put(id, now);
            if (!now.equals(before)) {
                line.append(" #").append(id).append(' ').append(now);
            }
        }
        ledgerTrace.add(line.toString());
    }

    private void watch() {
        while (!closed) {
            try {
                String state =
                        rest.get("/jobs/" + jobId + "/status").path("status").asText();
                if (!state.equals(state())) {
                    changes.add(new Change(System.currentTimeMillis(), state));
                }
                rest.find("/holdfast/jobs/" + jobId + "/incidents").ifPresent(this::trace);
            } catch (UncheckedIOException | FlinkRest.Refusal e) {
                // No answer is no status: the next one counts.
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
