package io.holdfast.flink.restart;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;

/**
 * Which channels must attach to which attempt of their producer, and have not reported it. What is on this list is said
 * again until it is done or takes too long. JobMaster main thread only; no I/O.
 */
final class Attachments {

    /** How long a channel whose both ends run may stay silent before it is told again. */
    static final long REPEAT_MS = 1_000;

    private static final class Due {
        final ExecutionVertexID producer;
        final int attempt;
        long bothRunningSinceMs = -1;
        long toldMs;

        Due(ExecutionVertexID producer, int attempt, long nowMs) {
            this.producer = producer;
            this.attempt = attempt;
            this.toldMs = nowMs;
        }
    }

    private final long timeoutMs;
    private final Map<Pair, Due> due = new LinkedHashMap<>();

    /** A channel may take {@code timeoutMs} milliseconds to attach. */
    Attachments(long timeoutMs) {
        this.timeoutMs = timeoutMs;
    }

    void expect(Pair pair, ExecutionVertexID producer, int attempt, long nowMs) {
        due.put(pair, new Due(producer, attempt, nowMs));
    }

    /** The consumer of {@code pair} has attached to {@code attempt}. */
    void attached(Pair pair, int attempt) {
        Due expected = due.get(pair);
        if (expected != null && attempt >= expected.attempt) {
            due.remove(pair);
        }
    }

    /** One of the ends is lost: what was expected of its channels is void. Returns them. */
    List<Pair> drop(ExecutionVertexID vertex) {
        return drop(vertex::equals);
    }

    /** As {@link #drop(ExecutionVertexID)}, for all of {@code vertices}. */
    List<Pair> drop(Predicate<ExecutionVertexID> vertices) {
        List<Pair> dropped = new ArrayList<>();
        for (Iterator<Map.Entry<Pair, Due>> each = due.entrySet().iterator(); each.hasNext(); ) {
            Map.Entry<Pair, Due> entry = each.next();
            if (vertices.test(entry.getKey().consumer()) || vertices.test(entry.getValue().producer)) {
                dropped.add(entry.getKey());
                each.remove();
            }
        }
        return dropped;
    }

    /** Nothing more is expected of {@code pair}. */
    void remove(Pair pair) {
        due.remove(pair);
    }

    void clear() {
        due.clear();
    }

    boolean isEmpty() {
        return due.isEmpty();
    }

    /** Channels of {@code consumer} that have not attached. */
    List<Pair> of(ExecutionVertexID consumer) {
        return due.keySet().stream()
                .filter(pair -> pair.consumer().equals(consumer))
                .toList();
    }

    /** Channels to be told again now; they count as told. Only those both of whose ends run can be late. */
    List<Pair> toRepeat(long nowMs, Predicate<ExecutionVertexID> running) {
        List<Pair> repeat = new ArrayList<>();
        due.forEach((pair, expected) -> {
            if (!running.test(pair.consumer()) || !running.test(expected.producer)) {
                expected.bothRunningSinceMs = -1;
                return;
            }
            if (expected.bothRunningSinceMs < 0) {
                expected.bothRunningSinceMs = nowMs;
            }
            if (nowMs - expected.toldMs >= REPEAT_MS) {
                expected.toldMs = nowMs;
                repeat.add(pair);
            }
        });
        return repeat;
    }

    /** A channel that took too long, if there is one. */
    Optional<Pair> tooLate(long nowMs) {
        return due.entrySet().stream()
                .filter(entry -> entry.getValue().bothRunningSinceMs >= 0
                        && nowMs - entry.getValue().bothRunningSinceMs >= timeoutMs)
                .map(Map.Entry::getKey)
                .findFirst();
    }
}
