package io.holdfast.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.testing.FlinkProcess;
import io.holdfast.testing.FreePort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The migration sidecar of one TaskManager: a process of its own, as in a pod, without a Kubernetes API. */
final class MigrationSidecar implements AutoCloseable {

    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final URI address;
    private final Path log;
    private final Duration budget;
    private final Thread hook;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private MigrationSidecar(Process process, URI address, Path log, Duration budget) {
        this.process = process;
        this.address = address;
        this.log = log;
        this.budget = budget;
        this.hook = new Thread(process::destroyForcibly, "migration-sidecar-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * Starts it and returns when it is ready.
     *
     * @param budget for the move
     * @param directory gets its log
     * @param variables besides those that a machine without Kubernetes needs
     */
    static MigrationSidecar start(
            Installation installation,
            FlinkProcess taskManager,
            URI jobManager,
            Duration budget,
            Path directory,
            Map<String, String> variables)
            throws IOException {
        if (!Files.exists(installation.migrationSidecar())) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    installation.migrationSidecar() + " does not exist",
                    "Build it with ./mvnw -DskipTests -pl migration-sidecar/sidecar -am package");
        }
        Files.createDirectories(directory);
        Path log = directory.resolve(taskManager.name() + "-sidecar.log");
        String listen = "127.0.0.1:" + FreePort.any();
        ProcessBuilder builder = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "@" + installation.migrationSidecarArguments(),
                        "-jar",
                        installation.migrationSidecar().toString()))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("HOLDFAST_") || name.startsWith("KUBERNETES_"));
        environment.put("HOLDFAST_MIGRATION_KUBERNETES", "off");
        environment.put("HOLDFAST_MIGRATION_LISTEN", listen);
        environment.put("HOLDFAST_MIGRATION_TASKMANAGER_ID", taskManager.name());
        environment.put("HOLDFAST_MIGRATION_JOBMANAGER_URL", jobManager.toString());
        environment.put("HOLDFAST_MIGRATION_BUDGET", budget.toSeconds() + "s");
        environment.put(
                "HOLDFAST_MIGRATION_TERMINATION_MESSAGE_FILE",
                directory.resolve(taskManager.name() + "-sidecar.termination").toString());
        environment.putAll(variables);
        MigrationSidecar sidecar = new MigrationSidecar(builder.start(), URI.create("http://" + listen), log, budget);
        try {
            Cluster.await("the migration sidecar to be ready", START_TIMEOUT, sidecar::isReady);
            return sidecar;
        } catch (RuntimeException e) {
            e.addSuppressed(new IllegalStateException(sidecar.output()));
            sidecar.close();
            throw e;
        }
    }

    private boolean isReady() {
        if (!process.isAlive()) {
            throw new IllegalStateException("The migration sidecar ended with " + process.exitValue() + ".");
        }
        return send(HttpRequest.newBuilder(address.resolve("/q/health")), ANSWER_TIMEOUT)
                .path("status")
                .asText()
                .equals("UP");
    }

    /** {@code POST /drain}: has the tasks moved, and returns the id of the move when it is over. */
    String drain() {
        JsonNode answer = send(
                HttpRequest.newBuilder(address.resolve("/drain")).POST(BodyPublishers.noBody()),
                budget.plus(ANSWER_TIMEOUT));
        String move = answer.path("move").asText();
        if (move.isEmpty()) {
            throw new IllegalStateException("The sidecar had nothing moved: %s%n%s".formatted(answer, output()));
        }
        return move;
    }

    private JsonNode send(HttpRequest.Builder request, Duration timeout) {
        try {
            return JSON.readTree(http.send(request.timeout(timeout).build(), BodyHandlers.ofString())
                    .body());
        } catch (IOException e) {
            throw new UncheckedIOException("The sidecar at " + address + " does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted.", e);
        }
    }

    private String output() {
        try {
            return Files.readString(log, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return log + ": " + e;
        }
    }

    /** Sends SIGKILL and waits until it is gone. */
    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is shutting down already.
        }
    }
}
