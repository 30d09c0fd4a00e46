package io.holdfast.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A real HTTP server with prepared answers; 404 for the rest. Remembers what it was asked. Its {@link #main} stands in
 * for a JobManager without TaskManagers: it listens where {@code config.yaml} says.
 */
final class CannedRest implements AutoCloseable {

    private final HttpServer server;
    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();

    CannedRest(int port) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    public static void main(String[] args) throws IOException {
        String config = Files.readString(Path.of(args[1], "config.yaml"));
        String port = config.replaceAll("(?s).*rest\\.port: '(\\d+)'.*", "$1");
        new CannedRest(Integer.parseInt(port)).on("GET /taskmanagers", "{\"taskmanagers\":[]}");
    }

    /** {@code request} is method and path with query. */
    CannedRest on(String request, String answer) {
        answers.put(request, answer);
        return this;
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Method, path and body of each request. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        requests.add((request + " " + body).strip());
        String answer = answers.get(request);
        byte[] bytes = (answer == null ? "{\"errors\":[\"Not found.\"]}" : answer).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(answer == null ? 404 : 200, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
