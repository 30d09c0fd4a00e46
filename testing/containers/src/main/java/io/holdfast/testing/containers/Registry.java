package io.holdfast.testing.containers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A real image registry on 127.0.0.1, Debian's {@code docker-registry}, that speaks plain HTTP.
 *
 * <pre>{@code
 * try (Registry registry = Registry.in(directory)) {
 *     push(image, registry.address() + "/platform:1");
 *     assertThat(registry.blobs()).hasSize(61);
 * }
 * }</pre>
 *
 * <p>A test that uses it is annotated with {@code @Needs(Tool.REGISTRY)}. Thread-safe.
 */
public final class Registry implements AutoCloseable {

    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);

    private final int port;
    private final Path storage;
    private final Command server;
    private final Thread hook;

    private Registry(int port, Path storage, Command server) {
        this.port = port;
        this.storage = storage;
        this.server = server;
        this.hook = new Thread(server::kill, "registry-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Starts an empty registry that keeps its images in {@code directory}; returns when it answers. */
    public static Registry in(Path directory) {
        Path storage = directory.toAbsolutePath().resolve("registry");
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException("No free port on 127.0.0.1", e);
        }
        Path settings = storage.resolve("registry.yml");
        try {
            Files.createDirectories(storage.resolve("data"));
            Files.writeString(settings, """
                    version: 0.1
                    log:
                      level: warn
                    storage:
                      filesystem:
                        rootdirectory: "%s"
                      delete:
                        enabled: true
                    http:
                      addr: "127.0.0.1:%d"
                    """.formatted(storage.resolve("data"), port));
        } catch (IOException e) {
            throw new UncheckedIOException("No registry made in " + storage, e);
        }
        Command server = Command.start(
                storage, Map.of(), List.of(Tool.REGISTRY.program().toString(), "serve", settings.toString()));
        Registry registry = new Registry(port, storage, server);
        boolean answered = false;
        try {
            registry.awaitAnswer();
            answered = true;
        } finally {
            if (!answered) {
                registry.close();
            }
        }
        return registry;
    }

    /** {@code 127.0.0.1:PORT}: how an image reference begins that is in this registry. */
    public String address() {
        return "127.0.0.1:" + port;
    }

    /** Sizes in bytes of all blobs that were ever pushed, by their digests: layers, configurations and manifests. */
    public Map<String, Long> blobs() {
        Path blobs = storage.resolve("data/docker/registry/v2/blobs/sha256");
        if (!Files.isDirectory(blobs)) {
            return Map.of();
        }
        Map<String, Long> sizes = new TreeMap<>();
        try (Stream<Path> files = Files.walk(blobs)) {
            for (Path file : files.filter(file -> file.endsWith("data")).toList()) {
                sizes.put("sha256:" + file.getParent().getFileName(), Files.size(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return sizes;
    }

    /** Overwrites the middle of a blob, as a failing disk would: whoever pulls it gets other bytes than it names. */
    public void damage(String digest) {
        String hex = digest.substring("sha256:".length());
        Path blob =
                storage.resolve("data/docker/registry/v2/blobs/sha256/%s/%s/data".formatted(hex.substring(0, 2), hex));
        try {
            byte[] bytes = Files.readAllBytes(blob);
            bytes[bytes.length / 2] ^= 0x55;
            Files.write(blob, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("%s holds no blob %s".formatted(address(), digest), e);
        }
    }

    /** Ends the registry; returns when it is gone. Its directory stays. */
    @Override
    public void close() {
        server.kill();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is shutting down already; the hook does the same again.
        }
    }

    private void awaitAnswer() {
        long deadlineNanos = System.nanoTime() + START_TIMEOUT.toNanos();
        while (System.nanoTime() < deadlineNanos && server.isAlive()) {
            if (answers()) {
                return;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
        throw new IllegalStateException("No registry answered at %s within %d s; process alive: %s.%n%s"
                .formatted(address(), START_TIMEOUT.toSeconds(), server.isAlive(), server.errorsSoFar()));
    }

    private boolean answers() {
        try {
            HttpURLConnection connection = (HttpURLConnection)
                    URI.create("http://" + address() + "/v2/").toURL().openConnection();
            connection.setConnectTimeout(1000);
            connection.setReadTimeout(1000);
            return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException e) {
            return false; // not listening yet
        }
    }
}
