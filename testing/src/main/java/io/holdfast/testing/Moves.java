package io.holdfast.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks a JobManager to move tasks away from TaskManagers: what tests, benchmarks and the demo ask, nothing more.
 *
 * <p>Throws as {@link FlinkRest} does. Thread-safe.
 */
public final class Moves {

    private static final String PATH = "/holdfast/moves";
    private static final long POLL_NANOS = Duration.ofMillis(50).toNanos();
    private static final List<String> ENDS = List.of("COMPLETED", "CANCELLED", "FAILED");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final FlinkRest rest;

    public Moves(FlinkRest rest) {
        this.rest = rest;
    }

    /**
     * A move as it was when it was asked for. Times are epoch milliseconds, 0 for what has not happened.
     *
     * @param detail why it failed, or empty
     * @param degradations why each better step was given up
     */
    public record Move(
            String id,
            String state,
            String detail,
            String step,
            List<String> degradations,
            List<Subtask> subtasks,
            JsonNode json) {

        public boolean hasEnded() {
            return ENDS.contains(state);
        }

        /** Whether all went as it should: nothing was lost or repeated. */
        public boolean isHandedOver() {
            return state.equals("COMPLETED") && step.equals("handover");
        }

        public long createdAt() {
            return json.path("createdAt").asLong();
        }

        public long deadlineAt() {
            return json.path("deadlineAt").asLong();
        }

        /** When it was in this state first, in any job; 0 if it never was. */
        public long reachedAt(String wanted) {
            long first = Long.MAX_VALUE;
            for (JsonNode job : json.path("jobs")) {
                for (JsonNode transition : job.path("transitions")) {
                    if (transition.path("state").asText().equals(wanted)) {
                        first = Math.min(first, transition.path("at").asLong());
                    }
                }
            }
            return first == Long.MAX_VALUE ? 0 : first;
        }

        static Move of(JsonNode json) {
            List<String> degradations = new ArrayList<>();
            json.path("degradations")
                    .forEach(one -> degradations.add(one.path("why").asText()));
            List<Subtask> subtasks = new ArrayList<>();
            for (JsonNode job : json.path("jobs")) {
                for (JsonNode one : job.path("subtasks")) {
                    subtasks.add(new Subtask(
                            one.path("vertex").asText(),
                            one.path("vertexName").asText(),
                            one.path("subtask").asInt(),
                            one.path("from").asText(),
                            one.path("to").asText(),
                            one.path("stoppedAt").asLong(),
                            one.path("deployedAt").asLong(),
                            one.path("runningAt").asLong(),
                            one.path("handoffBytes").asLong()));
                }
            }
            return new Move(
                    json.path("id").asText(),
                    json.path("state").asText(),
                    json.path("detail").asText(),
                    json.path("step").asText(),
                    List.copyOf(degradations),
                    List.copyOf(subtasks),
                    json);
        }
    }

    /**
     * A task that was moved.
     *
     * @param handoffBytes local state that was fetched from where it came from
     */
    public record Subtask(
            String vertexId,
            String vertexName,
            int index,
            String from,
            String to,
            long stoppedAt,
            long deployedAt,
            long runningAt,
            long handoffBytes) {}

    /** Begins a move, or joins one; the TaskManagers count as leaving until {@code expires} after the deadline. */
    public Move start(List<String> taskManagers, Duration timeout, Duration expires, String reason) {
        ObjectNode body = JSON.createObjectNode();
        taskManagers.forEach(body.putArray("taskmanagers")::add);
        body.put("timeout", timeout.toString());
        body.put("expires", expires.toString());
        body.put("reason", reason);
        return Move.of(rest.post(PATH, body.toString()));
    }

    /** As above, for one, which counts as leaving until the deadline only. */
    public Move start(String taskManager, Duration timeout, String reason) {
        return start(List.of(taskManager), timeout, Duration.ZERO, reason);
    }

    /** Empty if the JobManager knows no such move. */
    public Optional<Move> find(String id) {
        return rest.find(PATH + "/" + id).map(Move::of);
    }

    /** Those that are remembered, newest first. */
    public List<Move> all() {
        List<Move> all = new ArrayList<>();
        rest.get(PATH).path("moves").forEach(move -> all.add(Move.of(move)));
        return all;
    }

    /** TaskManagers that get no task now. */
    public List<String> leaving() {
        return rest.get(PATH).path("moves").findValues("leaving").stream()
                .flatMap(list -> list.findValuesAsText("taskmanager").stream())
                .distinct()
                .toList();
    }

    /** Whether it is cancelled; false if it is too late for that. */
    public boolean cancel(String id) {
        try {
            rest.delete(PATH + "/" + id);
            return true;
        } catch (FlinkRest.Refusal e) {
            if (e.status() == 409) {
                return false;
            }
            throw e;
        }
    }

    /** The move when it has ended; throws if it has not until {@code timeout}. */
    public Move awaitEnd(String id, Duration timeout) {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        while (true) {
            Move move = find(id).orElseThrow(() -> new IllegalStateException("Move " + id + " is not known any more."));
            if (move.hasEnded()) {
                return move;
            }
            if (System.nanoTime() > deadlineNanos) {
                throw new IllegalStateException(
                        "Move not ended within %d s: %s".formatted(timeout.toSeconds(), move.json()));
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }
}
