package io.holdfast.flink.restart;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;

/**
 * Decides whether a failed subtask restarts alone. Pure but for its memory of failures; JobMaster main thread.
 */
final class RestartPolicy {

    private final int maxFailures;
    private final long windowMs;
    private final Map<ExecutionVertexID, ArrayDeque<Long>> failures = new HashMap<>();

    /** {@code maxFailures} of one subtask within {@code windowMs} milliseconds are answered locally. */
    RestartPolicy(int maxFailures, long windowMs) {
        this.maxFailures = maxFailures;
        this.windowMs = windowMs;
    }

    /**
     * Counts a failure.
     *
     * @param nowMs a clock that never goes back, in milliseconds
     * @return why the region must restart; empty if the subtask may restart alone
     */
    Optional<String> failed(ExecutionVertexID subtask, long nowMs) {
        ArrayDeque<Long> times = failures.computeIfAbsent(subtask, ignored -> new ArrayDeque<>());
        while (!times.isEmpty() && times.peekFirst() <= nowMs - windowMs) {
            times.removeFirst();
        }
        times.addLast(nowMs);
        return times.size() <= maxFailures
                ? Optional.empty()
                : Optional.of("%d failures of subtask %d within %d ms; holdfast.restart.max-failures is %d"
                        .formatted(times.size(), subtask.getSubtaskIndex(), windowMs, maxFailures));
    }
}
