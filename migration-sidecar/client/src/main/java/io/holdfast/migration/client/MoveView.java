package io.holdfast.migration.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the JobManager tells of a move. Fields that this version does not know are left out; those that are not there are
 * empty. Times are milliseconds since 1970, by the JobManager's clock.
 *
 * @param step how it is done: {@code handover}, {@code checkpoint-and-restart} or {@code restart}
 * @param detail why it failed; blank if it did not
 * @param requesters who wants it, or wanted it until it ended
 */
public record MoveView(
        String id,
        MoveState state,
        String reason,
        List<String> taskManagers,
        OptionalLong createdAt,
        OptionalLong deadlineAt,
        String step,
        String detail,
        List<Degradation> degradations,
        List<Job> jobs,
        List<String> requesters) {

    /** That it is done in a way that is worse than was asked for. */
    public record Degradation(OptionalLong at, String from, String to, String why) {}

    /** A job of which tasks are moved. */
    public record Job(
            String job,
            MoveState state,
            String detail,
            OptionalLong checkpoint,
            List<Transition> transitions,
            List<Subtask> subtasks) {}

    /** When a job's move came into a state. */
    public record Transition(MoveState state, OptionalLong at) {}

    /**
     * A subtask that is moved.
     *
     * @param from the TaskManager where it was
     * @param to the TaskManager where it is or will be; blank while that is not known
     * @param stoppedAt when its old attempt froze
     * @param deployedAt when its new one was sent off
     * @param runningAt when that ran
     */
    public record Subtask(
            String vertex,
            String vertexName,
            int subtask,
            String from,
            String to,
            OptionalLong stoppedAt,
            OptionalLong deployedAt,
            OptionalLong runningAt) {}

    /** @return empty if {@code json} is no view */
    static Optional<MoveView> of(JsonNode json) {
        String id = json.path("id").asText("");
        String state = json.path("state").asText("");
        if (id.isBlank() || state.isBlank()) {
            return Optional.empty();
        }
        List<Job> jobs = list(json.path("jobs"), MoveView::job);
        return Optional.of(new MoveView(
                id,
                MoveState.of(state),
                json.path("reason").asText(""),
                list(json.path("taskmanagers"), JsonNode::asText),
                millis(json.path("createdAt")),
                millis(json.path("deadlineAt")),
                json.path("step").asText(""),
                detail(json, jobs),
                list(json.path("degradations"), MoveView::degradation),
                jobs,
                list(json.path("requesters"), JsonNode::asText)));
    }

    /** Its own, or else what its jobs say, each once. */
    private static String detail(JsonNode json, List<Job> jobs) {
        return Stream.concat(
                        Stream.of(json.path("detail").asText("")), jobs.stream().map(Job::detail))
                .filter(text -> !text.isBlank())
                .distinct()
                .collect(Collectors.joining("; "));
    }

    private static Degradation degradation(JsonNode json) {
        return new Degradation(
                millis(json.path("at")),
                json.path("from").asText(""),
                json.path("to").asText(""),
                json.path("why").asText(""));
    }

    private static Job job(JsonNode json) {
        return new Job(
                json.path("job").asText(""),
                MoveState.of(json.path("state").asText("")),
                json.path("detail").asText(""),
                millis(json.path("checkpoint")),
                list(
                        json.path("transitions"),
                        transition -> new Transition(
                                MoveState.of(transition.path("state").asText("")), millis(transition.path("at")))),
                list(json.path("subtasks"), MoveView::subtask));
    }

    private static Subtask subtask(JsonNode json) {
        return new Subtask(
                json.path("vertex").asText(""),
                json.path("vertexName").asText(""),
                json.path("subtask").asInt(),
                json.path("from").asText(""),
                json.path("to").asText(""),
                millis(json.path("stoppedAt")),
                millis(json.path("deployedAt")),
                millis(json.path("runningAt")));
    }

    private static OptionalLong millis(JsonNode json) {
        return json.isIntegralNumber() ? OptionalLong.of(json.asLong()) : OptionalLong.empty();
    }

    private static <T> List<T> list(JsonNode json, Function<JsonNode, T> item) {
        List<T> items = new ArrayList<>();
        json.forEach(element -> items.add(item.apply(element)));
        return List.copyOf(items);
    }

    /** How many subtasks are moved, in all jobs. */
    public int subtasks() {
        return jobs.stream().mapToInt(job -> job.subtasks().size()).sum();
    }
}
