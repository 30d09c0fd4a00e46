package io.holdfast.guard;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A JobManager as far as moves are concerned, over real HTTP: TaskManagers with and without tasks, moves that are joined, go on
 * when a test says so, and can be cancelled until they switch.
 *
 * <p>Thread-safe.
 */
final class FakeJobManager implements AutoCloseable {
    private static final Set<String> ENDED = Set.of("COMPLETED", "CANCELLED", "FAILED");

    private final Map<String, ObjectNode> taskManagers = new LinkedHashMap<>();
    private final List<ObjectNode> moves = new ArrayList<>();
    private final Map<String, Set<String>> leaving = new LinkedHashMap<>();
    private final List<JsonNode> asked = new CopyOnWriteArrayList<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;
    private volatile int refuseWith;
    private volatile boolean hangs;
    private volatile boolean withoutHoldfast;
    private volatile List<String> node = List.of();
    private volatile CountDownLatch together = new CountDownLatch(0);
    private long lastCreated;

    FakeJobManager() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** One that runs tasks. */
    synchronized FakeJobManager taskManager(String id, String ip) {
        taskManagers.put(
                id,
                FakeApiServer.JSON
                        .createObjectNode()
                        .put("id", id)
                        .put("path", "pekko.tcp://flink@%s:6122/user/rpc/taskmanager_0".formatted(ip))
                        .put("slotsNumber", 2)
                        .put("freeSlots", 0));
        return this;
    }

    /** From now on it answers everything with {@code status}; 0 for as usual. */
    void refuseWith(int status) {
        refuseWith = status;
    }

    /** From now on it takes connections, and answers nothing. */
    void hang(boolean now) {
        hangs = now;
    }

    /** These are on one node, and are moved together if the node leaves. */
    void node(String... ids) {
        node = List.of(ids);
    }

    void withoutHoldfast() {
        withoutHoldfast = true;
    }

    /** The next lists of moves, as they are then, are sent when so many have been asked for. */
    void listTogether(int count) {
        together = new CountDownLatch(count);
    }

    /** Brings the running move of a TaskManager into another state. */
    synchronized void move(String taskManager, String state, String detail) {
        ObjectNode move = running(taskManager);
        move.put("state", state).put("detail", detail);
        if (state.equals("COMPLETED")) {
            move.path("taskmanagers")
                    .forEach(id -> taskManagers.get(id.asText()).put("freeSlots", 2));
        }
    }

    synchronized List<String> states() {
        return moves.stream().map(move -> move.path("state").asText()).toList();
    }

    /** TaskManagers that are moving. */
    synchronized List<String> moving() {
        return moves.stream()
                .filter(move -> !ended(move))
                .map(move -> move.at("/taskmanagers/0").asText())
                .toList();
    }

    /** Bodies of requests for moves. */
    List<JsonNode> asked() {
        return List.copyOf(asked);
    }

    List<String> requests() {
        return List.copyOf(requests);
    }

    private static boolean ended(ObjectNode move) {
        return ENDED.contains(move.path("state").asText());
    }

    private ObjectNode running(String taskManager) {
        return moves.stream()
                .filter(move -> !ended(move))
                .filter(move -> move.path("taskmanagers").toString().contains("\"" + taskManager + "\""))
                .findFirst()
                .orElse(null);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String request = exchange.getRequestMethod() + " " + path;
        requests.add(request);
        byte[] body = exchange.getRequestBody().readAllBytes();
        try (exchange) {
            if (hangs) {
                TimeUnit.SECONDS.sleep(30);
            } else if (refuseWith != 0) {
                send(exchange, refuseWith, error("told to"));
            } else if (request.equals("GET /taskmanagers")) {
                send(exchange, 200, listed());
            } else if (!withoutHoldfast && request.startsWith("DELETE /holdfast/leaving/")) {
                stay(exchange, path.substring("/holdfast/leaving/".length()), requester(exchange));
            } else if (withoutHoldfast || !path.startsWith("/holdfast/moves")) {
                send(exchange, 404, error("Not found: " + path));
            } else if (request.equals("POST /holdfast/moves")) {
                start(exchange, FakeApiServer.JSON.readTree(body));
            } else if (request.equals("GET /holdfast/moves")) {
                JsonNode answer = all();
                together.countDown();
                together.await(20, TimeUnit.SECONDS);
                send(exchange, 200, answer);
            } else {
                one(
                        exchange,
                        exchange.getRequestMethod(),
                        path.substring("/holdfast/moves/".length()),
                        requester(exchange));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized JsonNode listed() {
        ObjectNode answer = FakeApiServer.JSON.createObjectNode();
        ArrayNode list = answer.putArray("taskmanagers");
        taskManagers.values().forEach(one -> list.add(one.deepCopy()));
        return answer;
    }

    private synchronized JsonNode all() {
        ObjectNode answer = FakeApiServer.JSON.createObjectNode();
        ArrayNode list = answer.putArray("moves");
        for (int i = moves.size() - 1; i >= 0; i--) {
            list.add(moves.get(i).deepCopy());
        }
        return answer;
    }

    private void start(HttpExchange exchange, JsonNode wish) throws IOException {
        asked.add(wish);
        ObjectNode view;
        int status;
        synchronized (this) {
            String id = wish.at("/taskmanagers/0").asText();
            if (!taskManagers.containsKey(id)) {
                send(exchange, 404, error("TaskManager %s is not registered".formatted(id)));
                return;
            }
            ObjectNode joined = running(id);
            status = joined == null ? 202 : 200;
            if (joined == null) {
                ObjectNode taskManager = taskManagers.get(id);
                boolean empty = taskManager.path("freeSlots").asInt() > 0;
                lastCreated = Math.max(lastCreated + 1, System.currentTimeMillis());
                joined = FakeApiServer.JSON
                        .createObjectNode()
                        .put("id", UUID.randomUUID().toString().replace("-", ""))
                        .put("state", empty ? "COMPLETED" : "RESERVING")
                        .put("createdAt", lastCreated)
                        .put("step", "handover");
                ArrayNode leaving = joined.putArray("taskmanagers");
                (wish.path("scope").asText().equals("node") && node.contains(id) ? node : List.of(id))
                        .forEach(leaving::add);
                joined.putArray("jobs");
                joined.putArray("requesters");
                if (empty) {
                    status = 200;
                } else {
                    moves.add(joined);
                }
            }
            String requester = wish.path("requester").asText();
            if (!joined.path("requesters").toString().contains("\"" + requester + "\"")) {
                joined.withArray("requesters").add(requester);
            }
            joined.path("taskmanagers")
                    .forEach(one -> leaving.computeIfAbsent(one.asText(), ignored -> new TreeSet<>())
                            .add(requester));
            view = joined.deepCopy();
        }
        send(exchange, status, view);
    }

    /** Who asks, as the query says; empty for all. */
    private static String requester(HttpExchange exchange) {
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        return query.startsWith("requester=") ? query.substring("requester=".length()) : "";
    }

    /** Somebody else asks for the same move. */
    synchronized void joins(String taskManager, String requester) {
        running(taskManager).withArray("requesters").add(requester);
    }

    /** Who wants a TaskManager to leave, of moves that have ended too. */
    synchronized List<String> wantedToLeave(String taskManager) {
        List<String> all = new ArrayList<>();
        leaving.getOrDefault(taskManager, Set.of()).forEach(all::add);
        return all;
    }

    private void stay(HttpExchange exchange, String taskManager, String requester) throws IOException {
        int status;
        synchronized (this) {
            ObjectNode move = running(taskManager);
            if (move != null && move.path("requesters").toString().contains("\"" + requester + "\"")) {
                status = 409;
            } else {
                Set<String> who = leaving.getOrDefault(taskManager, Set.of());
                status = who.isEmpty() ? 404 : 200;
                who.remove(requester);
            }
        }
        send(exchange, status, status == 200 ? FakeApiServer.JSON.createObjectNode() : error("no"));
    }

    private void one(HttpExchange exchange, String method, String id, String requester) throws IOException {
        int status = 200;
        JsonNode answer;
        synchronized (this) {
            ObjectNode move = moves.stream()
                    .filter(candidate -> candidate.path("id").asText().equals(id))
                    .findFirst()
                    .orElse(null);
            if (move == null) {
                status = 404;
                answer = error("no move " + id);
            } else if (method.equals("DELETE")
                    && (ended(move) || move.path("state").asText().equals("SWITCHING"))) {
                status = 409;
                answer = error("too late");
            } else {
                if (method.equals("DELETE")) {
                    status = withdrawn(move, requester) ? 202 : 200;
                }
                answer = move.deepCopy();
            }
        }
        send(exchange, status, answer);
    }

    /** Whether nobody wants it any more. */
    private boolean withdrawn(ObjectNode move, String requester) {
        List<String> left = new ArrayList<>();
        move.path("requesters").forEach(one -> left.add(one.asText()));
        left.remove(requester);
        boolean last = requester.isEmpty() || left.isEmpty();
        if (last) {
            move.put("state", "CANCELLED");
        } else {
            ArrayNode others = move.putArray("requesters");
            left.forEach(others::add);
        }
        move.path("taskmanagers")
                .forEach(id -> leaving.getOrDefault(id.asText(), Set.of()).remove(requester));
        return last;
    }

    private static JsonNode error(String message) {
        ObjectNode error = FakeApiServer.JSON.createObjectNode();
        error.putArray("errors").add(message);
        return error;
    }

    private static void send(HttpExchange exchange, int status, JsonNode answer) throws IOException {
        byte[] body = answer.toString().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
        try {
            threads.awaitTermination(Duration.ofSeconds(5).toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
