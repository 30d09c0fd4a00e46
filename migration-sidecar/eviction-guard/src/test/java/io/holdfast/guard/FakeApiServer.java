package io.holdfast.guard;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * As much of a Kubernetes API server as the guard needs: objects with versions, optimistic locking, merge and JSON patches,
 * label selectors, watches that end and expire (410), permissions by verb; and evictions, which ask the registered webhooks over
 * HTTPS as a real server does, before anything is deleted.
 *
 * <p>Thread-safe.
 */
public final class FakeApiServer implements AutoCloseable {
    static final String NAMESPACE = "jobs";
    static final String SERVICE = "holdfast-eviction-guard";
    static final String WEBHOOK = "holdfast-eviction-guard";
    static final ObjectMapper JSON = new ObjectMapper();

    private static final Pattern OBJECT = Pattern.compile(
            "/(?:api/v1|apis/(?<group>[a-z0-9.]+)/(?<version>v1(?:alpha1)?))(?:/namespaces/(?<namespace>[^/]+))?/(?<plural>[a-z]+)"
                    + "(?:/(?<name>[^/]+))?(?:/(?<sub>[a-z]+))?");
    private static final String END = "end";
    private static final Map<String, String> KINDS = Map.of(
            "pods", "Pod",
            "nodes", "Node",
            "secrets", "Secret",
            "events", "Event",
            "leases", "Lease",
            "evictions", "Eviction",
            "validatingwebhookconfigurations", "ValidatingWebhookConfiguration");

    /** What the guard may do, as docs/how-to/guard-evictions.md says. */
    static final Set<String> RBAC = Set.of(
            "get pods",
            "list pods",
            "watch pods",
            "patch pods",
            "create events",
            "get nodes",
            "get secrets",
            "create secrets",
            "patch secrets",
            "get leases",
            "create leases",
            "patch leases",
            "get validatingwebhookconfigurations",
            "patch validatingwebhookconfigurations");

    /** What it may do besides with EvictionRequests. */
    static final Set<String> RBAC_OF_EVICTION_REQUESTS =
            Set.of("list evictions", "watch evictions", "patch evictions/status");

    /** A watch of one kind. */
    private record Watcher(String collection, String selector, BlockingQueue<String> queue) {}

    /** A change of an object, for watches that begin later. */
    private record Change(int version, String collection, String type, ObjectNode object) {}

    private final Set<String> allowed = ConcurrentHashMap.newKeySet();
    private final Set<String> used = new ConcurrentSkipListSet<>();
    private final Map<String, ObjectNode> objects = new TreeMap<>();
    private final List<Change> history = new ArrayList<>();
    private final List<Watcher> watchers = new CopyOnWriteArrayList<>();
    private final List<JsonNode> events = new CopyOnWriteArrayList<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger conflicts = new AtomicInteger();
    private final AtomicInteger watchesBegun = new AtomicInteger();
    private final AdmissionCalls admission = new AdmissionCalls();
    private final HttpServer server;
    private volatile boolean withoutEvictions;
    private volatile InstantSource clock = InstantSource.system();
    private int version = 100;
    private int oldest = 1;

    public FakeApiServer() {
        allowed.addAll(RBAC);
        allowed.addAll(RBAC_OF_EVICTION_REQUESTS);
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
        put("/api/v1/nodes/node-1", "{}");
        register("Ignore");
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    Config config() {
        return new ConfigBuilder(Config.empty())
                .withMasterUrl(url())
                .withNamespace(NAMESPACE)
                .build();
    }

    /** Writes a kubeconfig that leads here. */
    public Path kubeconfig(Path file) throws IOException {
        return Files.writeString(file, """
                apiVersion: v1
                kind: Config
                current-context: fake
                contexts: [{name: fake, context: {cluster: fake, user: nobody, namespace: %s}}]
                clusters: [{name: fake, cluster: {server: "%s"}}]
                users: [{name: nobody, user: {}}]
                """.formatted(NAMESPACE, url()));
    }

    // ---- what tests do to it

    /** Registers the webhook, as the chart does: without a caBundle. */
    public void register(String failurePolicy) {
        put("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/" + WEBHOOK, """
                {"webhooks": [{"name": "evictions.holdfast.io", "failurePolicy": "%s", "timeoutSeconds": 10,
                  "sideEffects": "NoneOnDryRun", "admissionReviewVersions": ["v1"],
                  "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                             "resources": ["pods/eviction"]}],
                  "clientConfig": {"service": {"namespace": "%s", "name": "%s", "path": "/evictions", "port": 443}}}]}
                """.formatted(
                        failurePolicy, NAMESPACE, SERVICE));
    }

    /** Where the Service leads to, in turn. */
    public void endpoints(int... ports) {
        admission.endpoints(ports);
    }

    /** A running pod of a TaskManager that asks for protection. */
    public void pod(String name, URI jobManager) {
        put(pods(name), """
                {"metadata": {"labels": {"holdfast.io/migrate": "true", "app": "shop"},
                              "annotations": {"holdfast.io/jobmanager-url": "%s"}},
                 "spec": {"nodeName": "node-1"}, "status": {"phase": "Running", "podIP": "10.0.0.9"}}
                """.formatted(jobManager));
    }

    /** It is an older one, or has the API turned off. */
    void withoutEvictions(boolean now) {
        withoutEvictions = now;
    }

    /** By which it checks times. */
    void clock(InstantSource source) {
        clock = source;
    }

    static String evictions(String name) {
        return "/apis/lifecycle.k8s.io/v1alpha1/namespaces/" + NAMESPACE + "/evictions/" + name;
    }

    /** The cluster has made an eviction of the wishes for a pod, and it is a responder's turn. */
    void eviction(String name, String pod, String responder) {
        put(evictions(name), """
                {"spec": {"target": {"pod": {"name": "%1$s", "uid": "%2$s"}}},
                 "status": {"observedGeneration": 1,
                   "requesters": [{"name": "karpenter.sh/drain", "intent": "Eviction"},
                                  {"name": "acme.io/other", "intent": "Withdrawn"}],
                   "targetResponders": [
                     {"name": "%3$s", "priority": 11000, "state": "Active"},
                     {"name": "imperative-eviction.k8s.io/evictor", "priority": 100, "state": "Inactive"}],
                   "responders": [
                     {"name": "%3$s", "startTime": "%4$s"},
                     {"name": "imperative-eviction.k8s.io/evictor"}]}}
                """.formatted(
                        pod, get(pods(pod)).at("/metadata/uid").asText("gone"), responder, clock.instant()));
    }

    /** What the first responder of an eviction has reported. */
    JsonNode report(String eviction) {
        return get(evictions(eviction)).at("/status/responders/0");
    }

    /** The cluster changes whose turn it is. */
    synchronized void turn(String eviction, String state) {
        ObjectNode object = objects.get(evictions(eviction));
        ((ObjectNode) object.at("/status/targetResponders/0")).put("state", state);
        changed(evictions(eviction), "MODIFIED", object);
    }

    synchronized void delete(String path) {
        changed(path, "DELETED", objects.remove(path));
    }

    public static String pods(String name) {
        return "/api/v1/namespaces/" + NAMESPACE + "/pods/" + name;
    }

    void cordon(boolean unschedulable) {
        merge("/api/v1/nodes/node-1", "{\"spec\": {\"unschedulable\": %s}}".formatted(unschedulable));
    }

    synchronized void put(String path, String json) {
        try {
            ObjectNode object = (ObjectNode) JSON.readTree(json);
            Matcher place = place(path);
            object.put("apiVersion", apiVersion(place));
            object.put("kind", KINDS.get(place.group("plural")));
            ObjectNode meta = object.withObject("metadata");
            meta.put("name", place.group("name")).put("uid", UUID.randomUUID().toString());
            if (place.group("namespace") != null) {
                meta.put("namespace", place.group("namespace"));
            }
            boolean known = objects.containsKey(path);
            objects.put(path, object);
            changed(path, known ? "MODIFIED" : "ADDED", object);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    synchronized void merge(String path, String json) {
        try {
            merge(objects.get(path), JSON.readTree(json));
            changed(path, "MODIFIED", objects.get(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public synchronized JsonNode get(String path) {
        ObjectNode object = objects.get(path);
        return object == null ? JSON.missingNode() : object.deepCopy();
    }

    public String annotation(String pod, String name) {
        return get(pods(pod)).path("metadata").path("annotations").path(name).asText("");
    }

    JsonNode webhook() {
        return get("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/" + WEBHOOK)
                .at("/webhooks/0");
    }

    void forbid(String verbAndResource) {
        allowed.remove(verbAndResource);
    }

    /** The next {@code count} patches of pods meet somebody who was quicker. */
    void conflictOnPatches(int count) {
        conflicts.set(count);
    }

    /** Ends all watches, as servers do once in a while. */
    void endWatches() {
        watchers.forEach(watcher -> watcher.queue.add(END));
    }

    /** Ends all watches, and forgets what has been: whoever goes on where it was is told 410. */
    synchronized void expireWatches() {
        oldest = ++version;
        history.clear();
        String gone =
                "{\"type\": \"ERROR\", \"object\": %s}\n".formatted(status(410, "Expired", "too old resource version"));
        watchers.forEach(watcher -> {
            watcher.queue.add(gone);
            watcher.queue.add(END);
        });
    }

    int watchesBegun() {
        return watchesBegun.get();
    }

    List<JsonNode> events() {
        return List.copyOf(events);
    }

    List<String> reasons(String pod) {
        return events.stream()
                .filter(event -> event.at("/involvedObject/name").asText().equals(pod))
                .map(event -> event.path("reason").asText())
                .toList();
    }

    List<String> requests() {
        return List.copyOf(requests);
    }

    /** Verbs and resources that were asked for. */
    Set<String> used() {
        return used;
    }

    AdmissionCalls admission() {
        return admission;
    }

    // ---- what it does

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        String method = exchange.getRequestMethod();
        requests.add(method + " " + path);
        try (exchange) {
            Matcher place = OBJECT.matcher(path);
            if (!place.matches() || !KINDS.containsKey(place.group("plural"))) {
                send(exchange, status(404, "NotFound", "the server could not find the requested resource"));
            } else if ("eviction".equals(place.group("sub")) && method.equals("POST")) {
                evict(exchange, place, query);
            } else if (withoutEvictions && place.group("plural").equals("evictions")) {
                send(exchange, status(404, "NotFound", "the server could not find the requested resource"));
            } else if (permitted(exchange, verb(method, place, query), resource(place))) {
                serve(exchange, method, path, place, query);
            }
        }
    }

    private static String resource(Matcher place) {
        return place.group("sub") == null ? place.group("plural") : place.group("plural") + "/" + place.group("sub");
    }

    private static String verb(String method, Matcher place, String query) {
        return switch (method) {
            case "GET" -> place.group("name") != null ? "get" : query.contains("watch=true") ? "watch" : "list";
            case "POST" -> "create";
            case "PUT" -> "update";
            case "PATCH" -> "patch";
            default -> "delete";
        };
    }

    private void serve(HttpExchange exchange, String method, String path, Matcher place, String query)
            throws IOException {
        byte[] body =
                method.equals("GET") ? new byte[0] : exchange.getRequestBody().readAllBytes();
        if (query.contains("watch=true")) {
            watch(exchange, path, query);
            return;
        }
        JsonNode answer;
        synchronized (this) {
            answer = switch (method) {
                case "GET" -> place.group("name") == null ? list(path, place, query) : found(path);
                case "POST" -> create(path, place, (ObjectNode) JSON.readTree(body));
                case "PUT" -> replace(path, (ObjectNode) JSON.readTree(body));
                case "PATCH" ->
                    "status".equals(place.group("sub"))
                            ? patchStatus(path, JSON.readTree(body))
                            : patch(path, exchange.getRequestHeaders().getFirst("Content-Type"), JSON.readTree(body));
                default -> status(405, "MethodNotAllowed", method);
            };
        }
        send(exchange, answer);
    }

    private JsonNode found(String path) {
        ObjectNode object = objects.get(path);
        return object == null ? status(404, "NotFound", "\"%s\" not found".formatted(path)) : object.deepCopy();
    }

    private JsonNode list(String path, Matcher place, String query) {
        ObjectNode list = JSON.createObjectNode()
                .put("kind", KINDS.get(place.group("plural")) + "List")
                .put("apiVersion", apiVersion(place));
        list.putObject("metadata").put("resourceVersion", Integer.toString(version));
        ArrayNode items = list.putArray("items");
        String selector = selector(query);
        objects.forEach((name, object) -> {
            if (name.startsWith(path + "/") && selected(object, selector)) {
                items.add(object.deepCopy());
            }
        });
        return list;
    }

    private JsonNode create(String path, Matcher place, ObjectNode object) {
        if (place.group("plural").equals("events")) {
            events.add(object);
            return object;
        }
        String own = path + "/" + object.at("/metadata/name").asText();
        if (objects.containsKey(own)) {
            return status(409, "AlreadyExists", "\"%s\" already exists".formatted(own));
        }
        object.withObject("metadata").put("uid", UUID.randomUUID().toString());
        objects.put(own, object);
        changed(own, "ADDED", object);
        return object.deepCopy();
    }

    private JsonNode replace(String path, ObjectNode object) {
        ObjectNode before = objects.get(path);
        if (before == null) {
            return status(404, "NotFound", "\"%s\" not found".formatted(path));
        }
        String named = object.at("/metadata/resourceVersion").asText("");
        if (!named.isEmpty()
                && !named.equals(before.at("/metadata/resourceVersion").asText())) {
            return conflict(path);
        }
        objects.put(path, object);
        changed(path, "MODIFIED", object);
        return object.deepCopy();
    }

    /** Of evictions, as Kubernetes 1.37 checks it. */
    private JsonNode patchStatus(String path, JsonNode patch) {
        String object = path.substring(0, path.lastIndexOf('/'));
        ObjectNode before = objects.get(object);
        if (before == null) {
            return status(404, "NotFound", "\"%s\" not found".formatted(object));
        }
        String named = patch.at("/metadata/resourceVersion").asText("");
        if (!named.isEmpty()
                && !named.equals(before.at("/metadata/resourceVersion").asText())) {
            return conflict(object);
        }
        ObjectNode after = before.deepCopy();
        merge(after.withObject("status"), patch.path("status"));
        List<String> wrong = ResponderRules.broken(before.path("status"), after.path("status"), clock.instant());
        if (!wrong.isEmpty()) {
            return status(422, "Invalid", String.join("; ", wrong));
        }
        objects.put(object, after);
        changed(object, "MODIFIED", after);
        return after.deepCopy();
    }

    private JsonNode patch(String path, String type, JsonNode patch) {
        ObjectNode before = objects.get(path);
        if (before == null) {
            return status(404, "NotFound", "\"%s\" not found".formatted(path));
        }
        if (path.contains("/pods/") && conflicts.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            changed(path, "MODIFIED", before);
            return conflict(path);
        }
        ObjectNode after = before.deepCopy();
        if (type.startsWith("application/json-patch+json")) {
            for (JsonNode operation : patch) {
                if (!apply(after, operation)) {
                    return status(422, "Invalid", "the server rejected our request due to an error in our request");
                }
            }
        } else if (type.startsWith("application/merge-patch+json")) {
            String named = patch.at("/metadata/resourceVersion").asText("");
            if (!named.isEmpty()
                    && !named.equals(before.at("/metadata/resourceVersion").asText())) {
                return conflict(path);
            }
            merge(after, patch);
        } else {
            return status(415, "UnsupportedMediaType", "the body of the request was in an unknown format: " + type);
        }
        objects.put(path, after);
        changed(path, "MODIFIED", after);
        return after.deepCopy();
    }

    private static boolean apply(ObjectNode object, JsonNode operation) {
        String path = operation.path("path").asText();
        JsonNode parent = object.at(path.substring(0, path.lastIndexOf('/')));
        String field = path.substring(path.lastIndexOf('/') + 1);
        switch (operation.path("op").asText()) {
            case "test":
                return object.at(path).equals(operation.path("value"));
            case "add":
            case "replace":
                if (parent instanceof ObjectNode target) {
                    target.set(field, operation.path("value"));
                    return true;
                }
                return false;
            case "remove":
                return parent instanceof ObjectNode target && target.remove(field) != null;
            default:
                return false;
        }
    }

    private static JsonNode conflict(String path) {
        return status(
                409,
                "Conflict",
                "Operation cannot be fulfilled on \"%s\": the object has been modified; please apply your changes to the latest version and try again"
                        .formatted(path));
    }

    /** As the server's own handler of evictions: admission first, then what stands in the way, then the deletion. */
    private void evict(HttpExchange exchange, Matcher place, String query) throws IOException {
        ObjectNode eviction =
                (ObjectNode) JSON.readTree(exchange.getRequestBody().readAllBytes());
        boolean dryRun = query.contains("dryRun=All");
        JsonNode refusal = admission.ask(
                webhook(),
                place.group("namespace"),
                place.group("name"),
                eviction,
                dryRun,
                "system:serviceaccount:drain");
        if (refusal != null) {
            int seconds = refusal.at("/details/retryAfterSeconds").asInt();
            if (seconds > 0) {
                exchange.getResponseHeaders().set("Retry-After", Integer.toString(seconds));
            }
            send(exchange, refusal);
            return;
        }
        String pod = pods(place.group("name"));
        synchronized (this) {
            ObjectNode object = objects.get(pod);
            if (object == null) {
                send(exchange, status(404, "NotFound", "pods \"%s\" not found".formatted(place.group("name"))));
                return;
            }
            boolean dry =
                    dryRun || eviction.at("/deleteOptions/dryRun/0").asText().equals("All");
            if (!dry) {
                objects.remove(pod);
                changed(pod, "DELETED", object);
            }
        }
        ObjectNode success = JSON.createObjectNode()
                .put("kind", "Status")
                .put("apiVersion", "v1")
                .put("status", "Success");
        send(exchange, success.put("code", 201));
    }

    private void changed(String path, String type, ObjectNode object) {
        version++;
        object.withObject("metadata").put("resourceVersion", Integer.toString(version));
        String collection = path.substring(0, path.lastIndexOf('/'));
        history.add(new Change(version, collection, type, object.deepCopy()));
        watchers.stream()
                .filter(watcher -> watcher.collection.equals(collection) && selected(object, watcher.selector))
                .forEach(watcher -> watcher.queue.add(event(type, object)));
    }

    private static String event(String type, ObjectNode object) {
        return "{\"type\": \"%s\", \"object\": %s}\n".formatted(type, object);
    }

    /** Over HTTP. To clients that ask for a web socket, as they do first, it says that it has none. */
    private void watch(HttpExchange exchange, String path, String query) throws IOException {
        if (exchange.getRequestHeaders().containsKey("Upgrade")) {
            send(exchange, JSON.createObjectNode());
            return;
        }
        Watcher watcher = new Watcher(path, selector(query), new LinkedBlockingQueue<>());
        Matcher from = Pattern.compile("resourceVersion=(\\d+)").matcher(query);
        synchronized (this) {
            int since = from.find() ? Integer.parseInt(from.group(1)) : version;
            if (since < oldest) {
                send(exchange, status(410, "Expired", "too old resource version: %d (%d)".formatted(since, oldest)));
                return;
            }
            history.stream()
                    .filter(change -> change.version > since
                            && change.collection.equals(path)
                            && selected(change.object, watcher.selector))
                    .forEach(change -> watcher.queue.add(event(change.type, change.object)));
            watchers.add(watcher);
        }
        watchesBegun.incrementAndGet();
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            for (String event = watcher.queue.take(); !event.equals(END); event = watcher.queue.take()) {
                out.write(event.getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            watchers.remove(watcher);
        }
    }

    private static String selector(String query) {
        Matcher selector = Pattern.compile("labelSelector=([^&]*)").matcher(query);
        return selector.find() ? selector.group(1) : "";
    }

    private static boolean selected(JsonNode object, String selector) {
        if (selector.isEmpty()) {
            return true;
        }
        String[] parts = selector.split("=", 2);
        return object.path("metadata").path("labels").path(parts[0]).asText("").equals(parts[1]);
    }

    private static Matcher place(String path) {
        Matcher place = OBJECT.matcher(path);
        if (!place.matches()) {
            throw new IllegalArgumentException(path);
        }
        return place;
    }

    private static String apiVersion(Matcher place) {
        return place.group("group") == null ? "v1" : place.group("group") + "/" + place.group("version");
    }

    private static void merge(ObjectNode target, JsonNode patch) {
        patch.properties().forEach(field -> {
            if (field.getValue().isNull()) {
                target.remove(field.getKey());
            } else if (field.getValue().isObject()) {
                if (!target.path(field.getKey()).isObject()) {
                    target.putObject(field.getKey());
                }
                merge((ObjectNode) target.get(field.getKey()), field.getValue());
            } else {
                target.set(field.getKey(), field.getValue());
            }
        });
    }

    private boolean permitted(HttpExchange exchange, String verb, String resource) throws IOException {
        String wanted = verb + " " + resource;
        used.add(wanted);
        if (allowed.contains(wanted)) {
            return true;
        }
        exchange.getRequestBody().readAllBytes();
        send(
                exchange,
                status(
                        403,
                        "Forbidden",
                        "%s is forbidden: User \"system:serviceaccount:jobs:guard\" cannot %s resource \"%1$s\""
                                .formatted(resource, verb)));
        return false;
    }

    static ObjectNode status(int code, String reason, String message) {
        return JSON.createObjectNode()
                .put("kind", "Status")
                .put("apiVersion", "v1")
                .put("status", "Failure")
                .put("message", message)
                .put("reason", reason)
                .put("code", code);
    }

    private static void send(HttpExchange exchange, JsonNode answer) throws IOException {
        int code = "Status".equals(answer.path("kind").asText())
                ? answer.path("code").asInt(200)
                : 200;
        byte[] body = answer.toString().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(code, body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        endWatches();
        server.stop(0);
        threads.shutdownNow();
        admission.close();
    }
}
