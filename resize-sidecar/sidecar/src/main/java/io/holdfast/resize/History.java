package io.holdfast.resize;

import io.holdfast.resize.plan.Operation;
import io.holdfast.resize.plan.Request.Cause;
import io.holdfast.resize.plan.Turn.Report;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The last resizes, and who waits for the one that is under way. Only for answers: nothing is decided by it, and it is gone
 * with the process.
 *
 * <p>Thread-safe; its lock is held for moments.
 */
final class History {
    private static final int MOST = 10;

    private final Deque<Entry> recent = new ArrayDeque<>();
    private final Map<String, CompletableFuture<Entry>> waiting = new HashMap<>();

    /**
     * @param outcome in one word, such as {@code applied}; {@code ready} of what is prepared and not ended
     * @param at when it ended
     */
    record Entry(
            String id,
            String cause,
            long fromBytes,
            long targetBytes,
            String outcome,
            String reason,
            long tookMs,
            Instant at) {
        boolean good() {
            return outcome.equals("applied") || outcome.equals("unchanged") || outcome.equals("ready");
        }
    }

    /** Completed when the resize {@code id} ends; of one that is only prepared, when it is ready. */
    synchronized CompletableFuture<Entry> await(String id) {
        for (Entry entry : recent) {
            if (entry.id().equals(id)) {
                return CompletableFuture.completedFuture(entry);
            }
        }
        return waiting.computeIfAbsent(id, key -> new CompletableFuture<>()).copy();
    }

    synchronized List<Entry> recent() {
        return List.copyOf(recent);
    }

    /** Nobody will hear of it. */
    synchronized void forget(String id) {
        waiting.remove(id);
    }

    void ready(Operation operation) {
        if (operation.request().cause() == Cause.PREPARE) {
            complete(readyEntry(operation));
        }
    }

    /** What is said of a resize while it is ready. */
    static Entry readyEntry(Operation operation) {
        return entry(operation, "ready", operation.remark(), 0);
    }

    void ended(Report.Ended ended) {
        Entry entry =
                entry(ended.operation(), Reporter.word(ended.outcome()), ended.reason(), ended.nanos() / 1_000_000);
        synchronized (this) {
            recent.addFirst(entry);
            if (recent.size() > MOST) {
                recent.removeLast();
            }
        }
        complete(entry);
    }

    private void complete(Entry entry) {
        CompletableFuture<Entry> future;
        synchronized (this) {
            future = waiting.remove(entry.id());
        }
        if (future != null) {
            future.complete(entry);
        }
    }

    private static Entry entry(Operation operation, String outcome, String reason, long tookMs) {
        return new Entry(
                operation.request().id(),
                Reporter.word(operation.request().cause()),
                operation.fromBytes(),
                operation.targetBytes(),
                outcome,
                reason,
                tookMs,
                Instant.now());
    }
}
