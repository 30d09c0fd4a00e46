package io.holdfast.flink.move;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/**
 * Every meter of moves, in the job's metric group under {@code holdfast}; {@code docs/reference/metrics.md} describes them.
 * Written by the JobMaster main thread, read by any. Happens-before: each stands for itself, and is volatile or a counter.
 */
final class MoveMetrics {

    private final Counter completed;
    private final Counter failed;
    private final Counter cancelled;
    private final Counter degraded;
    private final Counter tasks;
    private final Counter handoffBytes;
    private volatile long lastMs;
    private volatile long leaving;

    MoveMetrics(MetricGroup job) {
        MetricGroup group = job.addGroup("holdfast");
        completed = group.counter("movesCompleted");
        failed = group.counter("movesFailed");
        cancelled = group.counter("movesCancelled");
        degraded = group.counter("movesDegraded");
        tasks = group.counter("movedTasks");
        handoffBytes = group.counter("movedStateBytes");
        group.gauge("lastMoveMs", () -> lastMs);
        group.gauge("leavingTaskManagers", () -> leaving);
    }

    void ended(Move move, long now) {
        handoffBytes.inc(move.fetchedBytes());
        switch (move.state()) {
            case COMPLETED -> {
                completed.inc();
                tasks.inc(move.size());
                lastMs = now - move.createdAt;
            }
            case CANCELLED -> cancelled.inc();
            default -> failed.inc();
        }
        if (move.isDegraded()) {
            degraded.inc();
        }
    }

    void leaving(int taskManagers) {
        leaving = taskManagers;
    }
}
