package io.holdfast.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * As much of a Kubernetes API server as a JobManager needs: one deployment, and pods that are created. Nothing runs in
 * them. What it does not know is answered with 404 and remembered.
 *
 * <p>Thread-safe.
 */
final class FakeApiServer implements AutoCloseable {

    static final String CLUSTER_ID = "scenario";
    static final String DEPLOYMENT_UID = "7a1d6c80-0000-4000-8000-000000000001";

    private static final String PODS = "/api/v1/namespaces/default/pods";
    private static final String DEPLOYMENT = "/apis/apps/v1/namespaces/default/deployments/" + CLUSTER_ID;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<JsonNode> createdPods = new CopyOnWriteArrayList<>();
    private final List<String> unknownRequests = new CopyOnWriteArrayList<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;

    FakeApiServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    List<JsonNode> createdPods() {
        return createdPods;
    }

    List<String> unknownRequests() {
        return unknownRequests;
    }

    /** Writes a kubeconfig that leads here. */
    Path kubeconfig(Path file) {
        try {
            return Files.writeString(file, """
                    apiVersion: v1
                    kind: Config
                    current-context: fake
                    contexts: [{name: fake, context: {cluster: fake, user: nobody, namespace: default}}]
                    clusters: [{name: fake, cluster: {server: "http://127.0.0.1:%d"}}]
                    users: [{name: nobody, user: {}}]
                    """.formatted(server.getAddress().getPort()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        String request = exchange.getRequestMethod() + " " + path;
        try (exchange) {
            if (request.equals("GET " + PODS) && query.contains("watch=true")) {
                watch(exchange);
            } else if (request.equals("GET " + PODS)) {
                send(exchange, 200, """
                        {"apiVersion": "v1", "kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": []}""");
            } else if (request.equals("POST " + PODS)) {
                ObjectNode pod = (ObjectNode) JSON.readTree(exchange.getRequestBody());
                createdPods.add(pod);
                send(exchange, 201, pod.toString());
            } else if (request.equals("GET " + DEPLOYMENT)) {
                send(exchange, 200, """
                        {"apiVersion": "apps/v1", "kind": "Deployment",
                         "metadata": {"name": "%s", "uid": "%s"}}""".formatted(CLUSTER_ID, DEPLOYMENT_UID));
            } else {
                unknownRequests.add(request);
                send(exchange, 404, """
                        {"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": 404}""");
            }
        }
    }

    /** A watch that reports nothing. Over a web socket, which clients try first, there is none. */
    private void watch(HttpExchange exchange) throws IOException {
        if (exchange.getRequestHeaders().containsKey("Upgrade")) {
            send(exchange, 200, "");
            return;
        }
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, 0);
        exchange.getResponseBody().flush();
        try {
            closing.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void send(HttpExchange exchange, int status, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }
}
