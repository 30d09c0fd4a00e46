package io.holdfast.testing.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.Quantity;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * As much of a Kubernetes API server as the sidecars need: one pod, its {@code resize} subresource, its node, watches, events.
 * What a real one refuses is refused, in the same words: a resize by a patch of the pod itself, a verb without permission, a
 * container that is not there, a shrink by a server too old for it, a change of the pod's class of service, a watch from a
 * version that it has forgotten.
 *
 * <p>Thread-safe.
 */
public final class FakeApiServer implements AutoCloseable {
    public static final String NAMESPACE = "jobs";
    public static final String POD = "taskmanager-1";
    public static final String NODE = "node-1";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PODS = "/api/v1/namespaces/" + NAMESPACE + "/pods";
    private static final String OWN = PODS + "/" + POD;
    private static final String EVENTS = "/api/v1/namespaces/" + NAMESPACE + "/events";
    private static final String OWN_NODE = "/api/v1/nodes/" + NODE;
    private static final String END = "end";
    private static final String DROP = "drop";

    private final Set<String> allowed = ConcurrentHashMap.newKeySet();
    private final List<JsonNode> events = new CopyOnWriteArrayList<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<Watcher> watchers = new CopyOnWriteArrayList<>();
    private final List<Change> history = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;
    private volatile LongConsumer kubelet = bytes -> {};
    private volatile boolean knowsResize = true;
    private volatile boolean shrinksMemory = true;
    private volatile boolean dryRuns = true;
    private final ObjectNode pod;
    private final ObjectNode node;
    private int version = 1;
    private int forgotten;

    public FakeApiServer(String memory) {
        allowed.addAll(
                Set.of("get pods", "watch pods", "patch pods/resize", "get nodes", "watch nodes", "create events"));
        try {
            pod = (ObjectNode) JSON.readTree("""
                    {"apiVersion": "v1", "kind": "Pod",
                     "metadata": {"name": "%s", "namespace": "%s", "uid": "7a1d6c80-0000-4000-8000-000000000002",
                                  "resourceVersion": "1"},
                     "spec": {"nodeName": "node-1", "terminationGracePeriodSeconds": 30, "containers": [
                       {"name": "flink-main-container",
                        "resources": {"limits": {"cpu": "1", "memory": "%3$s"}, "requests": {"cpu": "1", "memory": "%3$s"}}},
                       {"name": "resize-sidecar", "resources": {"limits": {"memory": "96Mi"}}}]},
                     "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
                    """.formatted(POD, NAMESPACE, memory));
            node = (ObjectNode) JSON.readTree("""
                    {"apiVersion": "v1", "kind": "Node",
                     "metadata": {"name": "%s", "uid": "7a1d6c80-0000-4000-8000-000000000003", "resourceVersion": "1"},
                     "spec": {}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
                    """.formatted(NODE));
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Writes a kubeconfig that leads here. */
    public Path kubeconfig(Path file) throws IOException {
        return Files.writeString(file, """
                apiVersion: v1
                kind: Config
                current-context: fake
                contexts: [{name: fake, context: {cluster: fake, user: nobody, namespace: default}}]
                clusters: [{name: fake, cluster: {server: "%s"}}]
                users: [{name: nobody, user: {}}]
                """.formatted(url()));
    }

    /** Takes a permission away, such as {@code patch pods/resize}. */
    public void forbid(String verbAndResource) {
        allowed.remove(verbAndResource);
    }

    /** From now on it is one of a version that has no in-place resize. */
    public void withoutResize() {
        knowsResize = false;
    }

    /** From now on it is one that resizes, but shrinks no memory. */
    public void withoutShrink() {
        shrinksMemory = false;
    }

    /** From now on it has an admission webhook with side effects. */
    public void withoutDryRun() {
        dryRuns = false;
    }

    /** Called with each new memory limit of Flink's container. */
    public void kubelet(LongConsumer action) {
        kubelet = action;
    }

    public List<JsonNode> events() {
        return List.copyOf(events);
    }

    /** Method and path of each request, oldest first. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    public synchronized JsonNode pod() {
        return pod.deepCopy();
    }

    /** Resources of the container as in {@code limits/memory}. */
    public String resources(int container, String path) {
        return pod().at("/spec/containers/%d/resources/%s".formatted(container, path))
                .asText();
    }

    /** Changes the pod as somebody else would, and tells watchers. {@code merge} is laid over the pod; null removes. */
    public synchronized void change(String merge) {
        change(pod, "pods", merge);
    }

    /** Changes the node, likewise. */
    public synchronized void changeNode(String merge) {
        change(node, "nodes", merge);
    }

    private void change(ObjectNode object, String plural, String merge) {
        try {
            merge(object, JSON.readTree(merge));
            changed(object, plural);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends all watches, as servers do once in a while. */
    public void endWatches() {
        watchers.forEach(watcher -> watcher.queue.add(END));
    }

    /** Breaks the connections of all watches, as a network does. */
    public void dropWatches() {
        watchers.forEach(watcher -> watcher.queue.add(DROP));
    }

    /** Forgets all changes, as a server does after a while: a watch that wants to go on from one of them gets a 410. */
    public synchronized void forget() {
        forgotten = version;
        history.clear();
    }

    /** Ends all watches with a 410, as a server does that has forgotten where they are. */
    public void expireWatches() {
        String gone = gone(0);
        watchers.forEach(watcher -> {
            watcher.queue.add(gone);
            watcher.queue.add(END);
        });
    }

    /** How many watches are open. */
    public int watches() {
        return watchers.size();
    }

    /** Somebody who watches objects of one kind. */
    private record Watcher(String plural, BlockingQueue<String> queue) {}

    private record Change(int version, String plural, String event) {}

    private void changed(ObjectNode object, String plural) {
        version++;
        ((ObjectNode) object.get("metadata")).put("resourceVersion", Integer.toString(version));
        String event = "{\"type\": \"MODIFIED\", \"object\": %s}\n".formatted(object);
        history.add(new Change(version, plural, event));
        watchers.stream().filter(watcher -> watcher.plural.equals(plural)).forEach(watcher -> watcher.queue.add(event));
    }

    private String gone(int wanted) {
        return """
                {"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired", \
                "code": 410, "message": "too old resource version: %d (%d)"}}
                """.formatted(wanted, version);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        String request = exchange.getRequestMethod() + " " + path;
        requests.add(request);
        try (exchange) {
            if (request.equals("GET " + PODS) && query.contains("watch=true")) {
                if (!query.contains("fieldSelector=metadata.name=" + POD)) {
                    status(exchange, 403, "Forbidden", "pods is forbidden: cannot watch resource \"pods\"");
                } else if (permitted(exchange, "watch pods")) {
                    watch(exchange, pod, "pods", query);
                }
            } else if (request.equals("GET /api/v1/nodes") && query.contains("watch=true")) {
                if (!query.contains("fieldSelector=metadata.name=" + NODE)) {
                    status(exchange, 403, "Forbidden", "nodes is forbidden: cannot watch resource \"nodes\"");
                } else if (permitted(exchange, "watch nodes")) {
                    watch(exchange, node, "nodes", query);
                }
            } else if (request.equals("GET " + OWN)) {
                if (permitted(exchange, "get pods")) {
                    send(exchange, 200, pod().toString());
                }
            } else if (request.equals("GET " + OWN_NODE)) {
                if (permitted(exchange, "get nodes")) {
                    send(exchange, 200, text(node));
                }
            } else if (request.equals("PATCH " + OWN)) {
                patchPod(exchange);
            } else if (request.equals("PATCH " + OWN + "/resize")) {
                resize(exchange, query.contains("dryRun=All"));
            } else if (request.equals("POST " + EVENTS)) {
                if (permitted(exchange, "create events")) {
                    JsonNode event = JSON.readTree(exchange.getRequestBody().readAllBytes());
                    events.add(event);
                    send(exchange, 201, event.toString());
                }
            } else {
                status(exchange, 404, "NotFound", "the server could not find the requested resource");
            }
        }
    }

    private boolean permitted(HttpExchange exchange, String verbAndResource) throws IOException {
        if (allowed.contains(verbAndResource)) {
            return true;
        }
        String[] words = verbAndResource.split(" ");
        status(
                exchange,
                403,
                "Forbidden",
                "%s \"%s\" is forbidden: User \"system:serviceaccount:jobs:flink\" cannot %s resource \"%s\" in API group \"\""
                        .formatted(words[1].split("/")[0], words[1].equals("nodes") ? NODE : POD, words[0], words[1]));
        return false;
    }

    private void patchPod(HttpExchange exchange) throws IOException {
        JsonNode patch = JSON.readTree(exchange.getRequestBody().readAllBytes());
        if (patch.at("/spec/containers/0/resources").isMissingNode()) {
            send(exchange, 200, pod().toString());
        } else {
            status(
                    exchange,
                    422,
                    "Invalid",
                    "Pod \"%s\" is invalid: spec: Forbidden: pod updates may not change fields other than"
                                    .formatted(POD)
                            + " `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
                            + "`spec.tolerations` (only additions to existing tolerations),"
                            + "`spec.terminationGracePeriodSeconds`");
        }
    }

    private synchronized void resize(HttpExchange exchange, boolean dryRun) throws IOException {
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        if (!permitted(exchange, "patch pods/resize")) {
            return;
        }
        if (!knowsResize) {
            status(exchange, 404, "NotFound", "the server could not find the requested resource");
            return;
        }
        if (dryRun && !dryRuns) {
            status(exchange, 400, "BadRequest", "admission webhook \"quota.example.com\" does not support dry run");
            return;
        }
        if (type == null || !type.startsWith("application/strategic-merge-patch+json")) {
            status(exchange, 415, "UnsupportedMediaType", "the body of the request was in an unknown format");
            return;
        }
        JsonNode patch = JSON.readTree(exchange.getRequestBody().readAllBytes()).at("/spec/containers/0");
        JsonNode container = container(patch.path("name").asText());
        if (container == null) {
            status(
                    exchange,
                    422,
                    "Invalid",
                    "Pod \"%s\" is invalid: spec.containers: Forbidden: containers may not be added or removed on resize"
                            .formatted(POD));
            return;
        }
        ObjectNode after = container.path("resources").deepCopy();
        boolean guaranteed = guaranteed(after);
        long before = bytes(after.at("/limits/memory").asText());
        merge(after, patch.path("resources"));
        long wanted = bytes(after.at("/limits/memory").asText());
        if (bytes(after.at("/requests/memory").asText()) > wanted) {
            status(
                    exchange,
                    422,
                    "Invalid",
                    "Pod \"%s\" is invalid: spec.containers[0].resources.requests: must be less than or equal to memory limit"
                            .formatted(POD));
        } else if (guaranteed != guaranteed(after)) {
            status(
                    exchange,
                    422,
                    "Invalid",
                    "Pod \"%s\" is invalid: spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of"
                                    .formatted(POD)
                            + " resizing");
        } else if (wanted < before && !shrinksMemory) {
            status(
                    exchange,
                    422,
                    "Invalid",
                    "Pod \"%s\" is invalid: spec.containers[0].resources.limits: Forbidden: memory limits cannot be decreased"
                                    .formatted(POD)
                            + " unless resizePolicy is RestartContainer");
        } else if (dryRun) {
            send(exchange, 200, pod.toString());
        } else {
            ((ObjectNode) container).set("resources", after);
            changed(pod, "pods");
            send(exchange, 200, pod.toString());
            threads.execute(() -> kubelet.accept(wanted));
        }
    }

    private JsonNode container(String name) {
        for (JsonNode container : pod.at("/spec/containers")) {
            if (container.path("name").asText().equals(name)) {
                return container;
            }
        }
        return null;
    }

    private static boolean guaranteed(JsonNode resources) {
        return resources.path("limits").equals(resources.path("requests"));
    }

    private static long bytes(String quantity) {
        return Quantity.getAmountInBytes(new Quantity(quantity)).longValue();
    }

    private static void merge(ObjectNode target, JsonNode patch) {
        patch.properties().forEach(field -> {
            if (field.getValue().isObject() && target.path(field.getKey()).isObject()) {
                merge((ObjectNode) target.get(field.getKey()), field.getValue());
            } else if (field.getValue().isNull()) {
                target.remove(field.getKey());
            } else {
                target.set(field.getKey(), field.getValue());
            }
        });
    }

    private synchronized String text(ObjectNode object) {
        return object.toString();
    }

    /** Over HTTP. To clients that ask for a web socket, as they do first, it says that it has none. */
    private void watch(HttpExchange exchange, ObjectNode object, String plural, String query) throws IOException {
        if (exchange.getRequestHeaders().containsKey("Upgrade")) {
            send(exchange, 200, "");
            return;
        }
        Watcher watcher = new Watcher(plural, new LinkedBlockingQueue<>());
        begin(watcher, object, query);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, 0);
        OutputStream out = exchange.getResponseBody();
        try {
            String event = watcher.queue.take();
            while (!event.equals(END) && !event.equals(DROP)) {
                out.write(event.getBytes(StandardCharsets.UTF_8));
                out.flush();
                event = watcher.queue.take();
            }
            if (event.equals(END)) {
                out.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            watchers.remove(watcher);
        }
    }

    /** With what it begins: the object as it is, or what has happened since the version that is asked for. */
    private synchronized void begin(Watcher watcher, ObjectNode object, String query) {
        Matcher since = Pattern.compile("resourceVersion=(\\d+)").matcher(query);
        int from = since.find() ? Integer.parseInt(since.group(1)) : 0;
        if (from == 0) {
            watcher.queue.add("{\"type\": \"ADDED\", \"object\": %s}\n".formatted(object));
        } else if (from < forgotten) {
            watcher.queue.add(gone(from));
            watcher.queue.add(END);
        } else {
            history.stream()
                    .filter(change -> change.version > from && change.plural.equals(watcher.plural))
                    .forEach(change -> watcher.queue.add(change.event));
        }
        watchers.add(watcher);
    }

    private static void status(HttpExchange exchange, int code, String reason, String message) throws IOException {
        send(
                exchange,
                code,
                JSON.createObjectNode()
                        .put("kind", "Status")
                        .put("apiVersion", "v1")
                        .put("status", "Failure")
                        .put("message", message)
                        .put("reason", reason)
                        .put("code", code)
                        .toString());
    }

    private static void send(HttpExchange exchange, int status, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        exchange.getRequestBody().readAllBytes();
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        endWatches();
        server.stop(0);
        threads.shutdownNow();
    }
}
