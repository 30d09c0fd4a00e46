package io.holdfast.flink.restart;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.shuffle.StreamPosition;

/** One thing that went wrong, what was done, and what it cost. JobMaster main thread only; owned by the ledger. */
final class Incident {

    /**
     * What a pair of subtasks has to show for an incident.
     *
     * @param lost sent to the consumer since the restored checkpoint, and not in its restored state
     * @param delivered sent by the lost attempt since the restored checkpoint, and kept by its consumer
     */
    record Cost(StreamPosition lost, StreamPosition delivered) {

        static final Cost NONE = new Cost(StreamPosition.START, StreamPosition.START);

        Cost plus(Cost other) {
            return new Cost(lost.plus(other.lost), delivered.plus(other.delivered));
        }

        Cost minus(Cost other) {
            return new Cost(lost.minus(other.lost), delivered.minus(other.delivered));
        }

        boolean isNone() {
            return lost.isZero() && delivered.isZero();
        }
    }

    /** A task that the incident hit. Times are epoch milliseconds; {@code runningAt} is 0 until it runs again. */
    static final class HitTask {
        final ExecutionVertexID vertex;
        final String name;
        final int attempt;
        final String taskManager;
        final long failedAt;
        long runningAt;
        /** It failed again before it ran: the incident of that failure goes on from here. */
        boolean failedAgain;

        HitTask(ExecutionVertexID vertex, String name, int attempt, String taskManager, long failedAt) {
            this.vertex = vertex;
            this.name = name;
            this.attempt = attempt;
            this.taskManager = taskManager;
            this.failedAt = failedAt;
        }
    }

    /** {@link #kind} of a planned move. */
    static final String MOVE = "move";

    final long id;
    final String kind;
    final String cause;
    final long at;
    final List<HitTask> tasks = new ArrayList<>();
    final Map<Pair, Cost> costs = new LinkedHashMap<>();
    final Set<Pair> awaited = new HashSet<>();
    OptionalLong restored = OptionalLong.empty();
    boolean exact = true;
    String inexactBecause = "";
    boolean closed;
    String outcome = "";

    Incident(long id, String kind, String cause, long at) {
        this.id = id;
        this.kind = kind;
        this.cause = cause;
        this.at = at;
    }

    void inexact(String why) {
        exact = false;
        inexactBecause = why;
    }

    Cost total() {
        Cost total = Cost.NONE;
        for (Cost cost : costs.values()) {
            total = total.plus(cost);
        }
        return total;
    }

    /** A planned move from whose tasks nothing was lost. */
    boolean isCleanMove() {
        return kind.equals(MOVE) && exact && total().isNone();
    }

    boolean allRunning() {
        return tasks.stream().allMatch(task -> task.runningAt > 0 || task.failedAgain);
    }
}
