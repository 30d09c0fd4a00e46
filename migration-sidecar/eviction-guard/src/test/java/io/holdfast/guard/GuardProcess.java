package io.holdfast.guard;

import io.holdfast.testing.Eventually;
import io.holdfast.testing.FreePort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The program as the container runs it: the built jar in a JVM of its own, told what to do by variables. */
final class GuardProcess implements AutoCloseable {
    private static final Path PROGRAM = Path.of("target/quarkus-app/quarkus-run.jar");
    private static final Path ARGUMENTS = Path.of("src/main/jvm/java.args");
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Process process;
    private final int port;
    private final int statusPort;
    private final Path out;
    private final Path err;
    private final HttpClient http = HttpClient.newHttpClient();

    private GuardProcess(Process process, int port, int statusPort, Path out, Path err) {
        this.process = process;
        this.port = port;
        this.statusPort = statusPort;
        this.out = out;
        this.err = err;
    }

    /** Starts it, with addresses of its own; output goes to {@code directory}. */
    static GuardProcess start(Path directory, Map<String, String> variables) {
        int port = FreePort.any();
        int statusPort = FreePort.any();
        try {
            Path out = Files.createTempFile(directory, "guard", ".out");
            Path err = Files.createTempFile(directory, "guard", ".err");
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.add("@" + ARGUMENTS);
            command.addAll(List.of("-jar", PROGRAM.toAbsolutePath().toString()));
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
            builder.environment().keySet().removeIf(name -> name.startsWith("HOLDFAST") || name.startsWith("KUBE"));
            builder.environment().put("HOLDFAST_EVICTION_GUARD_LISTEN", "127.0.0.1:" + port);
            builder.environment().put("HOLDFAST_EVICTION_GUARD_STATUS_LISTEN", "127.0.0.1:" + statusPort);
            builder.environment().putAll(variables);
            return new GuardProcess(builder.start(), port, statusPort, out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until API servers can talk to it. */
    GuardProcess awaitReady() {
        Eventually.until(PATIENCE, () -> {
            if (!process.isAlive()) {
                throw new AssertionError("It has ended.\n" + this);
            }
            if (status("/q/health/ready").statusCode() != 200) {
                throw new AssertionError("Not ready.\n" + this);
            }
        });
        return this;
    }

    /** Port of the webhook. */
    int port() {
        return port;
    }

    HttpResponse<String> status(String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + statusPort + path))
                        .timeout(Duration.ofSeconds(10))
                        .build(),
                BodyHandlers.ofString());
    }

    boolean leads() {
        try {
            return status("/q/metrics").body().contains("holdfast_guard_leader 1.0");
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
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
