package io.holdfast.migration;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * As much of a JobManager as moves need: its REST interface, as the contract has it. A move stays in its state until a test says
 * otherwise, or its deadline is over; then it fails, as it would. What a real one refuses is refused: bodies with fields that it
 * does not know, both kinds of deadline, a cancellation past the point of no return.
 *
 * <p>Thread-safe.
 */
final class FakeJobManager implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> FIELDS =
            Set.of("taskmanagers", "reason", "deadline", "timeout", "scope", "expires", "requester", "handoff");
    private static final Set<String> ENDED = Set.of("COMPLETED", "CANCELLED", "FAILED");

    private final Map<String, ObjectNode> moves = new LinkedHashMap<>();
    private final Map<String, String> taskManagers = new LinkedHashMap<>();
    private final Set<String> empty = new TreeSet<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<String> stays = new CopyOnWriteArrayList<>();
    private final List<JsonNode> wishes = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final int port;
    private HttpServer server;
    private volatile int refusal;
    private volatile boolean knowsMoves = true;
    private volatile boolean knowsHandoffs = true;
    private volatile Duration delay = Duration.ZERO;

    FakeJobManager() {
        server = listen(0);
        port = server.getAddress().getPort();
    }

    private HttpServer listen(int at) {
        try {
            HttpServer listening = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), at), 0);
            listening.setExecutor(threads);
            listening.createContext("/", this::answer);
            listening.start();
            return listening;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    /** A TaskManager that has registered, at an address, with tasks. */
    synchronized FakeJobManager register(String id, String host) {
        taskManagers.put(id, "pekko.tcp://flink@%s:6122/user/rpc/taskmanager_0".formatted(host));
        return this;
    }

    synchronized void unregister(String id) {
        taskManagers.remove(id);
    }

    /** It dies, and nobody listens at its address. */
    void die() {
        server.stop(0);
    }

    /** Another one comes at the same address, which knows of no move. */
    synchronized void comeBack() {
        moves.clear();
        server = listen(port);
    }

    /** From now on it answers everything with {@code status}; 0 ends that. */
    void answerAlways(int status) {
        refusal = status;
    }

    /** From now on it is one without Holdfast. */
    void withoutHoldfast() {
        knowsMoves = false;
    }

    /** From now on it is one of before handoffs. */
    void withoutHandoffs() {
        knowsHandoffs = false;
    }

    void slowBy(Duration time) {
        delay = time;
    }

    /** Method and path of each request, oldest first. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    /** Bodies of all wishes for a move, oldest first. */
    List<JsonNode> wishes() {
        return List.copyOf(wishes);
    }

    synchronized List<String> moves() {
        return List.copyOf(moves.keySet());
    }

    synchronized String state(String id) {
        return moves.get(id).path("state").asText();
    }

    /** All moves that are under way come to {@code state}. */
    synchronized void bring(String state, String detail) {
        moves.values().stream().filter(move -> !ended(move)).forEach(move -> {
            move.put("state", state).put("detail", detail);
            if (state.equals("COMPLETED")) {
                move.path("taskmanagers").forEach(id -> empty.add(id.asText()));
            }
        });
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String request = exchange.getRequestMethod() + " " + path;
        requests.add(request);
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        try (exchange) {
            TimeUnit.NANOSECONDS.sleep(delay.toNanos());
            if (refusal != 0) {
                exchange.getResponseHeaders().set("Location", "/elsewhere");
                error(exchange, refusal, "Service temporarily unavailable due to an ongoing leader election.");
            } else if (request.equals("GET /taskmanagers")) {
                send(exchange, 200, listed());
            } else if (knowsMoves && path.startsWith("/holdfast/moves")) {
                moves(exchange, request, path, body);
            } else if (knowsMoves && request.startsWith("DELETE /holdfast/leaving/")) {
                stay(exchange, path.substring("/holdfast/leaving/".length()));
            } else {
                error(exchange, 404, "Not found: " + path);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized JsonNode listed() {
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode all = answer.putArray("taskmanagers");
        taskManagers.forEach((id, path) -> all.addObject().put("id", id).put("path", path));
        return answer;
    }

    private synchronized void moves(HttpExchange exchange, String request, String path, String body)
            throws IOException {
        expire();
        String id = path.substring(path.lastIndexOf('/') + 1);
        if (request.equals("POST /holdfast/moves")) {
            start(exchange, JSON.readTree(body));
        } else if (request.equals("GET /holdfast/moves")) {
            List<ObjectNode> newest = new ArrayList<>(moves.values());
            java.util.Collections.reverse(newest);
            ObjectNode answer = JSON.createObjectNode();
            answer.putArray("moves").addAll(newest);
            send(exchange, 200, answer);
        } else if (!moves.containsKey(id)) {
            error(exchange, 404, "Move not found: " + id);
        } else if (request.startsWith("GET ")) {
            send(exchange, 200, moves.get(id));
        } else if (request.startsWith("DELETE ")) {
            cancel(exchange, moves.get(id));
        } else {
            error(exchange, 404, "Not found: " + path);
        }
    }

    /** Of one requester after the other, which is all that is needed here. */
    private synchronized void stay(HttpExchange exchange, String taskManager) throws IOException {
        if (moves.values().stream().anyMatch(move -> !ended(move) && isOf(move, taskManager))) {
            error(exchange, 409, "A move has not ended.");
        } else if (moves.values().stream().noneMatch(move -> isOf(move, taskManager))) {
            error(exchange, 404, "TaskManager %s is not leaving.".formatted(taskManager));
        } else {
            stays.add(taskManager + " " + exchange.getRequestURI().getQuery());
            ObjectNode answer = JSON.createObjectNode();
            answer.putArray("leaving");
            send(exchange, 200, answer);
        }
    }

    private static boolean isOf(ObjectNode move, String taskManager) {
        return move.path("taskmanagers").path(0).asText().equals(taskManager);
    }

    /** TaskManagers that stay after all, and who said so. */
    List<String> stays() {
        return List.copyOf(stays);
    }

    /** What is not over when its time is ends. */
    private void expire() {
        moves.values().stream()
                .filter(move -> !ended(move) && move.path("deadlineAt").asLong() < System.currentTimeMillis())
                .forEach(move -> move.put("state", "FAILED").put("detail", "the deadline is over"));
    }

    private void start(HttpExchange exchange, JsonNode wish) throws IOException {
        Set<String> fields = new TreeSet<>();
        wish.fieldNames().forEachRemaining(fields::add);
        Optional<String> unknown = fields.stream()
                .filter(field -> !FIELDS.contains(field) || field.equals("handoff") && !knowsHandoffs)
                .findFirst();
        if (unknown.isPresent()) {
            error(exchange, 400, "\"%s\" is no field of a move. Fields are %s".formatted(unknown.get(), FIELDS));
            return;
        }
        if (wish.has("handoff")
                        && !(wish.at("/handoff/url").isTextual()
                                && wish.at("/handoff/token").isTextual())
                || !wish.path("taskmanagers").isArray()
                || wish.path("reason").asText().isBlank()) {
            error(exchange, 400, "Not a wish for a move: " + wish);
            return;
        }
        if (wish.has("deadline") && wish.has("timeout")) {
            error(exchange, 400, "Give a deadline or a timeout, not both.");
            return;
        }
        wishes.add(wish);
        long deadline = wish.has("deadline")
                ? Instant.parse(wish.path("deadline").asText()).toEpochMilli()
                : System.currentTimeMillis()
                        + Duration.parse(wish.path("timeout").asText("PT30S")).toMillis();
        String leaving = wish.path("taskmanagers").path(0).asText();
        for (ObjectNode move : moves.values()) {
            if (!ended(move) && move.path("taskmanagers").path(0).asText().equals(leaving)) {
                move.put(
                        "deadlineAt", Math.min(deadline, move.path("deadlineAt").asLong()));
                send(exchange, 200, move);
                return;
            }
        }
        ObjectNode move = JSON.createObjectNode();
        String id = UUID.randomUUID().toString().replace("-", "");
        boolean nothing = !taskManagers.containsKey(leaving) || empty.contains(leaving);
        move.put("id", id)
                .put("state", nothing ? "COMPLETED" : "RESERVING")
                .put("reason", wish.path("reason").asText())
                .put("createdAt", System.currentTimeMillis())
                .put("deadlineAt", deadline)
                .put("step", "handover");
        move.set("taskmanagers", wish.path("taskmanagers"));
        move.putArray("degradations");
        move.putArray("requesters").add(wish.path("requester").asText());
        ArrayNode jobs = move.putArray("jobs");
        if (!nothing) {
            jobs.addObject()
                    .put("job", "0".repeat(32))
                    .put("state", "RESERVING")
                    .putArray("subtasks")
                    .addObject()
                    .put("vertex", "1".repeat(32))
                    .put("vertexName", "map")
                    .put("subtask", 0)
                    .put("from", leaving);
        }
        moves.put(id, move);
        send(exchange, nothing ? 200 : 202, move);
    }

    private void cancel(HttpExchange exchange, ObjectNode move) throws IOException {
        if (ended(move) || move.path("state").asText().equals("SWITCHING")) {
            error(exchange, 409, "The move is past the point of no return.");
        } else {
            move.put("state", "CANCELLED");
            send(exchange, 202, move);
        }
    }

    private static boolean ended(JsonNode move) {
        return ENDED.contains(move.path("state").asText());
    }

    private static void error(HttpExchange exchange, int status, String message) throws IOException {
        ObjectNode body = JSON.createObjectNode();
        body.putArray("errors").add(message);
        send(exchange, status, body);
    }

    private static void send(HttpExchange exchange, int status, JsonNode json) throws IOException {
        byte[] body = json.toString().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json; charset=UTF-8");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
