package io.holdfast.guard.jobmanager;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.migration.client.MoveState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** A move as the JobManager lists it. */
record ListedMove(String id, MoveState state, long createdAt, List<String> taskManagers, String detail) {
    /** The order in which they were asked for, the same for all who look. */
    static final Comparator<ListedMove> AGE =
            Comparator.comparingLong(ListedMove::createdAt).thenComparing(ListedMove::id);

    static List<ListedMove> of(JsonNode answer) {
        List<ListedMove> moves = new ArrayList<>();
        (answer.isArray() ? answer : answer.path("moves")).forEach(move -> {
            List<String> taskManagers = new ArrayList<>();
            move.path("taskmanagers").forEach(id -> taskManagers.add(id.asText()));
            moves.add(new ListedMove(
                    move.path("id").asText(),
                    state(move.path("state").asText()),
                    move.path("createdAt").asLong(),
                    taskManagers,
                    detail(move)));
        });
        return List.copyOf(moves);
    }

    private static String detail(JsonNode move) {
        String detail = move.path("detail").asText("");
        for (JsonNode job : move.path("jobs")) {
            detail = detail.isBlank() ? job.path("detail").asText("") : detail;
        }
        return detail;
    }

    private static MoveState state(String word) {
        try {
            return MoveState.valueOf(word.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            return MoveState.OTHER;
        }
    }
}
