package io.holdfast.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A small client of Flink's REST interface: what tests and the demo ask, nothing more.
 *
 * <p>Throws {@link UncheckedIOException} if nobody answers, {@link Refusal} on any status but 2xx. Thread-safe.
 */
public final class FlinkRest {

    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration OPERATION_TIMEOUT = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI address;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();

    public FlinkRest(URI address) {
        this.address = address;
    }

    /** Flink answered with another status than 2xx. */
    public static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final int status;

        Refusal(String request, int status, String body) {
            super("%s answered %d: %s".formatted(request, status, body));
            this.status = status;
        }

        public int status() {
            return status;
        }
    }

    /**
     * A job as {@code GET /jobs/:jobid} shows it.
     *
     * @param stateSince per state name, epoch milliseconds of the last time the job entered it; 0 if never
     */
    public record Job(String id, String name, String state, Map<String, Long> stateSince, List<Vertex> vertices) {}

    /** A vertex of the job graph; its id is the key of {@link #subtasks(String, String)}. */
    public record Vertex(String id, String name, int parallelism) {}

    /** The current attempt of one subtask. {@code attempt} counts from 0 and grows with every restart of it. */
    public record Subtask(String vertexId, int index, int attempt, String status, String taskManagerId) {}

    /** Checkpoint counts of a job since its submission. */
    public record Checkpoints(
            long completed, long failed, long inProgress, long restored, OptionalLong latestCompletedId) {}

    /** Ids of the registered TaskManagers; {@code tm-1} and so on in a {@link FlinkProcesses} cluster. */
    public List<String> taskManagers() {
        List<String> ids = new ArrayList<>();
        get("/taskmanagers")
                .path("taskmanagers")
                .forEach(node -> ids.add(node.path("id").asText()));
        return ids;
    }

    /** {@code GET /overview}: slots, jobs by state, Flink's version. */
    public JsonNode overview() {
        return get("/overview");
    }

    /** Ids of all jobs, ended ones included. */
    public List<String> jobs() {
        List<String> ids = new ArrayList<>();
        get("/jobs").path("jobs").forEach(node -> ids.add(node.path("id").asText()));
        return ids;
    }

    public Job job(String jobId) {
        JsonNode node = get("/jobs/" + jobId);
        Map<String, Long> stateSince = new LinkedHashMap<>();
        node.path("timestamps")
                .properties()
                .forEach(
                        state -> stateSince.put(state.getKey(), state.getValue().asLong()));
        List<Vertex> vertices = new ArrayList<>();
        node.path("vertices")
                .forEach(vertex -> vertices.add(new Vertex(
                        vertex.path("id").asText(),
                        vertex.path("name").asText(),
                        vertex.path("parallelism").asInt())));
        return new Job(
                jobId, node.path("name").asText(), node.path("state").asText(), stateSince, List.copyOf(vertices));
    }

    /** The current attempts of one vertex's subtasks, by index. */
    public List<Subtask> subtasks(String jobId, String vertexId) {
        List<Subtask> subtasks = new ArrayList<>();
        get("/jobs/" + jobId + "/vertices/" + vertexId)
                .path("subtasks")
                .forEach(node -> subtasks.add(new Subtask(
                        vertexId,
                        node.path("subtask").asInt(),
                        node.path("attempt").asInt(),
                        node.path("status").asText(),
                        node.path("taskmanager-id").asText())));
        return subtasks;
    }

    /** The current attempts of all subtasks of a job. */
    public List<Subtask> subtasks(String jobId) {
        return job(jobId).vertices().stream()
                .flatMap(vertex -> subtasks(jobId, vertex.id()).stream())
                .toList();
    }

    public Checkpoints checkpoints(String jobId) {
        JsonNode node = get("/jobs/" + jobId + "/checkpoints");
        JsonNode counts = node.path("counts");
        JsonNode latest = node.path("latest").path("completed").path("id");
        return new Checkpoints(
                counts.path("completed").asLong(),
                counts.path("failed").asLong(),
                counts.path("in_progress").asLong(),
                counts.path("restored").asLong(),
                latest.isNumber() ? OptionalLong.of(latest.asLong()) : OptionalLong.empty());
    }

    /** Asks for cancellation and returns at once. */
    public void cancel(String jobId) {
        send(request("/jobs/" + jobId + "?mode=cancel").method("PATCH", BodyPublishers.noBody()));
    }

    /** Takes a savepoint under {@code target}, waits for it, and returns its location. */
    public String savepoint(String jobId, Path target) {
        return operation(
                jobId,
                "/savepoints",
                "{\"target-directory\":%s,\"cancel-job\":false}".formatted(quoted(target.toUri())));
    }

    /** Stops the job with a savepoint under {@code target}, waits for it, and returns its location. */
    public String stop(String jobId, Path target, boolean drain) {
        return operation(
                jobId, "/stop", "{\"targetDirectory\":%s,\"drain\":%s}".formatted(quoted(target.toUri()), drain));
    }

    /** Stops the job with a savepoint in the format of its state backend, which is written and read faster; as above. */
    public String stopNatively(String jobId, Path target) {
        return operation(
                jobId,
                "/stop",
                "{\"targetDirectory\":%s,\"drain\":false,\"formatType\":\"NATIVE\"}".formatted(quoted(target.toUri())));
    }

    /** {@code GET} of any path, such as {@code /jobs/overview}. */
    public JsonNode get(String path) {
        return send(request(path).GET());
    }

    /** {@code GET} of a path that need not exist: empty on 404. */
    public Optional<JsonNode> find(String path) {
        try {
            return Optional.of(get(path));
        } catch (Refusal e) {
            if (e.status() == 404) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** {@code PUT} of a JSON document to any path. */
    public JsonNode put(String path, String json) {
        return send(request(path).header("Content-Type", "application/json").PUT(BodyPublishers.ofString(json)));
    }

    /** {@code POST} of a JSON document to any path. */
    public JsonNode post(String path, String json) {
        return send(request(path).header("Content-Type", "application/json").POST(BodyPublishers.ofString(json)));
    }

    /** {@code DELETE} of any path. */
    public JsonNode delete(String path) {
        return send(request(path).DELETE());
    }

    private String operation(String jobId, String path, String body) {
        JsonNode trigger = send(request("/jobs/" + jobId + path)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body)));
        String poll =
                "/jobs/" + jobId + "/savepoints/" + trigger.path("request-id").asText();
        long deadlineNanos = System.nanoTime() + OPERATION_TIMEOUT.toNanos();
        while (System.nanoTime() < deadlineNanos) {
            JsonNode node = get(poll);
            if ("COMPLETED".equals(node.path("status").path("id").asText())) {
                JsonNode location = node.path("operation").path("location");
                if (location.isTextual()) {
                    return location.asText();
                }
                throw new IllegalStateException("POST %s of job %s failed: %s"
                        .formatted(path, jobId, node.path("operation").path("failure-cause")));
            }
            LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
        }
        throw new IllegalStateException(
                "POST %s of job %s not done within %d s.".formatted(path, jobId, OPERATION_TIMEOUT.toSeconds()));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(address.resolve(path)).timeout(REQUEST_TIMEOUT);
    }

    private JsonNode send(HttpRequest.Builder builder) {
        HttpRequest request = builder.build();
        try {
            HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
            if (response.statusCode() / 100 != 2) {
                throw new Refusal(request.method() + " " + request.uri(), response.statusCode(), response.body());
            }
            return JSON.readTree(response.body().isEmpty() ? "{}" : response.body());
        } catch (IOException e) {
            throw new UncheckedIOException(request.method() + " " + request.uri() + " failed: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted during " + request.method() + " " + request.uri(), e);
        }
    }

    private static String quoted(URI uri) {
        return JSON.valueToTree(uri.toString()).toString();
    }
}
