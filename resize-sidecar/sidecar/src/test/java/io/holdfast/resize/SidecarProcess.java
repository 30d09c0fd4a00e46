package io.holdfast.resize;

import io.holdfast.testing.Eventually;
import io.holdfast.testing.FreePort;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The program as the container runs it: the built jar in a JVM of its own, told what to do by variables and over HTTP. */
final class SidecarProcess implements AutoCloseable {
    private static final Path PROGRAM = Path.of("target/quarkus-app/quarkus-run.jar");
    private static final Path ARGUMENTS = Path.of("src/main/jvm/java.args");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Process process;
    private final int port;
    private final Path out;
    private final Path err;
    private final HttpClient http = HttpClient.newHttpClient();

    private SidecarProcess(Process process, int port, Path out, Path err) {
        this.process = process;
        this.port = port;
        this.out = out;
        this.err = err;
    }

    /** Starts it, with an address of its own; output goes to {@code directory}. */
    static SidecarProcess start(Path directory, Map<String, String> variables) {
        int port = FreePort.any();
        try {
            Path out = Files.createTempFile(directory, "sidecar", ".out");
            Path err = Files.createTempFile(directory, "sidecar", ".err");
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.add("@" + ARGUMENTS);
            command.addAll(List.of("-jar", PROGRAM.toAbsolutePath().toString()));
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
            builder.environment().keySet().removeIf(name -> name.startsWith("HOLDFAST") || name.startsWith("KUBE"));
            builder.environment().put("HOLDFAST_RESIZE_LISTEN", "127.0.0.1:" + port);
            builder.environment().putAll(variables);
            return new SidecarProcess(builder.start(), port, out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until it answers and has found its agent. */
    SidecarProcess awaitAgent() {
        Eventually.until(PATIENCE, () -> {
            if (!process.isAlive()) {
                throw new AssertionError("It has ended.\n" + this);
            }
            if (!status().containsKey("taskManager")) {
                throw new AssertionError("No agent yet.\n" + this);
            }
        });
        return this;
    }

    JsonObject status() throws Exception {
        return new JsonObject(request("GET", "/resize/status", "").body());
    }

    HttpResponse<String> request(String method, String path, String body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(PATIENCE)
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (!body.isEmpty()) {
            request.header("Content-Type", "application/json");
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), BodyHandlers.ofString());
    }

    long pid() {
        return process.pid();
    }

    void kill() {
        process.destroyForcibly();
        exitCode();
    }

    void terminate() {
        process.destroy();
    }

    int exitCode() {
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("Still running.\n" + this);
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Waits for its end, whatever the code. */
    void exitCodeQuietly() throws InterruptedException {
        process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    String out() {
        return read(out);
    }

    String err() {
        return read(err);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return "--- standard output%n%s--- standard error%n%s".formatted(out(), err());
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
