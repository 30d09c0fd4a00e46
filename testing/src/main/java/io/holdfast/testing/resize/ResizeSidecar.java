package io.holdfast.testing.resize;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.holdfast.testing.FreePort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * The resize sidecar as a process of its own, as it is in a pod, without a Kubernetes API: it follows the limit of a
 * cgroup, and prepares what it is asked to over HTTP.
 *
 * <p>Killed by {@link #close()} and by a shutdown hook. Its output is in {@link #log()}.
 */
public final class ResizeSidecar implements AutoCloseable {

    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(120);
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Of {@code utime} and {@code stime} in {@code /proc/<pid>/stat}: USER_HZ, which Linux has fixed. */
    private static final long TICKS_PER_SECOND = 100;

    private final Process process;
    private final URI address;
    private final Path log;
    private final Thread hook;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    private ResizeSidecar(Process process, URI address, Path log) {
        this.process = process;
        this.address = address;
        this.log = log;
        this.hook = new Thread(process::destroyForcibly, "resize-sidecar-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** An answer of the sidecar, whatever its status. */
    public record Answer(int status, JsonNode body) {

        /** How it ended; blank if it has not. */
        public String outcome() {
            return body.path("outcome").asText();
        }

        public String message() {
            return body.path("message").asText();
        }
    }

    /**
     * Starts it and returns at once.
     *
     * @param program directory of the Quarkus application
     * @param arguments file with arguments for the JVM, as the image has it
     * @param directory gets the log; that of a process before it is kept
     * @param variables {@code HOLDFAST_RESIZE_*}, besides those that a machine without Kubernetes needs
     */
    public static ResizeSidecar start(
            Path javaHome, Path program, Path arguments, Path directory, Map<String, String> variables) {
        try {
            Files.createDirectories(directory);
            Path log = Files.createTempFile(directory, "sidecar-", ".log");
            int port = FreePort.any();
            List<String> command = new ArrayList<>(List.of(
                    javaHome.resolve("bin/java").toString(),
                    "@" + arguments,
                    "-jar",
                    program.resolve("quarkus-run.jar").toString()));
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile());
            Map<String, String> environment = builder.environment();
            environment.keySet().removeIf(name -> name.startsWith("HOLDFAST_"));
            environment.putAll(new TreeMap<>(Map.of(
                    "HOLDFAST_RESIZE_KUBERNETES",
                    "off",
                    "HOLDFAST_RESIZE_LISTEN",
                    "127.0.0.1:" + port,
                    "HOLDFAST_RESIZE_TERMINATION_MESSAGE_FILE",
                    directory.resolve("termination").toString())));
            environment.putAll(variables);
            return new ResizeSidecar(builder.start(), URI.create("http://127.0.0.1:" + port), log);
        } catch (IOException e) {
            throw new UncheckedIOException("The sidecar was not started", e);
        }
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public Path log() {
        return log;
    }

    /** What it logged so far. */
    public String output() {
        try {
            return new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code GET /resize/status}. */
    public JsonNode status() {
        return get("/resize/status").body();
    }

    /** Whether it answers, sees a TaskManager, and no resize is under way. */
    public boolean isStable() {
        JsonNode status = status();
        return status.path("phase").asText().equals("stable") && status.has("taskManager");
    }

    /** What is done now, such as {@code ready}. */
    public String phase() {
        return status().path("phase").asText();
    }

    public Answer get(String path) {
        return send(HttpRequest.newBuilder(address.resolve(path)).GET());
    }

    /**
     * Has the TaskManager made to fit a limit, which somebody else sets then. Answers when that may be done, or will not be
     * possible: its {@code outcome} is {@code ready}, or something else with a {@code message}.
     */
    public Answer prepare(long limitBytes) {
        return post("/resize/prepare?wait=true", limitBytes);
    }

    /** Asks for the same, and does not wait. */
    public Answer beginToPrepare(long limitBytes) {
        return post("/resize/prepare", limitBytes);
    }

    /** Asks for a whole resize. */
    public Answer resize(long limitBytes) {
        return post("/resize?wait=true", limitBytes);
    }

    /** Gives up what is under way. */
    public Answer cancel() {
        return send(HttpRequest.newBuilder(address.resolve("/resize")).DELETE());
    }

    /** A line of {@code /proc/<pid>/status} that is memory, such as {@code VmRSS}, in MiB. */
    public double memoryMiB(String name) {
        for (String line : proc("status").lines().toList()) {
            if (line.startsWith(name + ":")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
            }
        }
        throw new IllegalStateException("The sidecar (pid %d) has no %s: it is gone.".formatted(pid(), name));
    }

    /** Processor time that all its threads have used. */
    public Duration cpu() {
        String stat = proc("stat");
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        long ticks = Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
        return Duration.ofNanos(ticks * 1_000_000_000 / TICKS_PER_SECOND);
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

    private Answer post(String path, long limitBytes) {
        return send(HttpRequest.newBuilder(address.resolve(path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"memory\": \"%d\"}".formatted(limitBytes))));
    }

    private Answer send(HttpRequest.Builder builder) {
        HttpRequest request = builder.timeout(REQUEST_TIMEOUT).build();
        try {
            HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
            return new Answer(response.statusCode(), JSON.readTree(response.body()));
        } catch (IOException e) {
            throw new UncheckedIOException(request.method() + " " + request.uri() + " failed: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted during " + request.method() + " " + request.uri(), e);
        }
    }

    private String proc(String file) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid()), file));
        } catch (IOException e) {
            throw new UncheckedIOException("The sidecar (pid " + pid() + ") is gone", e);
        }
    }
}
