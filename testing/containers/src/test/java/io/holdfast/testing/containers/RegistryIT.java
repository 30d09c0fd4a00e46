package io.holdfast.testing.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The registry that other tests push to is a real one. */
@Needs(Tool.REGISTRY)
@Timeout(60)
class RegistryIT {

    @TempDir
    private Path directory;

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void blobIsPushedCountedAndDamaged() throws Exception {
        try (Registry registry = Registry.in(directory)) {
            assertThat(registry.blobs()).isEmpty();

            String digest = push(registry, "layer");

            assertThat(registry.blobs()).isEqualTo(Map.of(digest, 5L));
            assertThat(pull(registry, digest)).isEqualTo("layer");

            registry.damage(digest);

            assertThat(pull(registry, digest)).hasSize(5).isNotEqualTo("layer");
        }
    }

    @Test
    void closedItIsGone() throws Exception {
        Registry registry = Registry.in(directory);

        registry.close();

        assertThatThrownBy(() -> push(registry, "layer")).isInstanceOf(IOException.class);
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    private String push(Registry registry, String content) throws Exception {
        String digest = "sha256:" + sha256(content);
        String uploads = "http://" + registry.address() + "/v2/test/blobs/uploads/";
        String upload = http.send(
                        HttpRequest.newBuilder(URI.create(uploads))
                                .POST(HttpRequest.BodyPublishers.noBody())
                                .build(),
                        BodyHandlers.discarding())
                .headers()
                .firstValue("Location")
                .orElseThrow();
        int status = http.send(
                        HttpRequest.newBuilder(URI.create(upload + "&digest=" + digest))
                                .header("Content-Type", "application/octet-stream")
                                .PUT(HttpRequest.BodyPublishers.ofString(content))
                                .build(),
                        BodyHandlers.discarding())
                .statusCode();
        assertThat(status).isEqualTo(201);
        return digest;
    }

    private String pull(Registry registry, String digest) throws Exception {
        URI blob = URI.create("http://" + registry.address() + "/v2/test/blobs/" + digest);
        return http.send(HttpRequest.newBuilder(blob).build(), BodyHandlers.ofString(StandardCharsets.ISO_8859_1))
                .body();
    }

    private static String sha256(String content) throws Exception {
        return HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8)));
    }
}
