package io.holdfast.resize;

import io.quarkus.vertx.http.HttpServer;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;

/**
 * A short run for the class archive of the image: everything is used once that is used in every run. Wanted by the system
 * property {@code holdfast.training}, which only the build of the image sets.
 */
@Singleton
final class Training {
    private static final int TIMEOUT_MILLIS = 10_000;

    private final HttpServer server;

    Training(HttpServer server) {
        this.server = server;
    }

    boolean wanted() {
        return Boolean.getBoolean("holdfast.training");
    }

    void run() {
        try {
            ask("GET", "/resize/status");
            ask("GET", "/q/health");
            ask("GET", "/q/metrics");
            ask("DELETE", "/resize");
            ask("POST", "/resize");
        } catch (IOException e) {
            throw new IllegalStateException("the training run got no answers", e);
        }
    }

    private void ask(String method, String path) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                server.getLocalBaseUri().resolve(path).toURL().openConnection();
        connection.setConnectTimeout(TIMEOUT_MILLIS);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        connection.setRequestMethod(method);
        if (method.equals("POST")) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", "application/json");
            connection.getOutputStream().write("{\"memory\": \"1Gi\"}".getBytes(StandardCharsets.UTF_8));
        }
        connection.getResponseCode();
        connection.disconnect();
    }
}
