package io.holdfast.guard;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** Evicts pods through the API server, as {@code kubectl drain} and the descheduler do. */
public final class Drain {
    private final FakeApiServer server;
    private final HttpClient http = HttpClient.newHttpClient();

    public Drain(FakeApiServer server) {
        this.server = server;
    }

    /** What the API server answered. */
    public record Answered(int status, JsonNode body, String retryAfter) {
        public String message() {
            return body.path("message").asText();
        }
    }

    public Answered evict(String pod) {
        return post(pod, "", "{}");
    }

    /** By the query, as {@code kubectl drain --dry-run=server} does. */
    Answered evictDry(String pod) {
        return post(pod, "?dryRun=All", "{}");
    }

    /** By its options, as clients of the library do. */
    Answered evictDryByOptions(String pod) {
        return post(pod, "", "{\"dryRun\": [\"All\"]}");
    }

    private Answered post(String pod, String query, String options) {
        String body = """
                {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "%s", "namespace": "%s"},
                 "deleteOptions": %s}""".formatted(pod, FakeApiServer.NAMESPACE, options);
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(server.url() + FakeApiServer.pods(pod) + "/eviction" + query))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build();
        try {
            HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
            return new Answered(
                    response.statusCode(),
                    FakeApiServer.JSON.readTree(response.body()),
                    response.headers().firstValue("Retry-After").orElse(""));
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
