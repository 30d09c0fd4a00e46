package io.holdfast.testing.quarkus;

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

/**
 * A program as its container runs it: the built jar in a JVM of its own, told what to do by variables and over HTTP.
 */
public final class ProgramProcess implements AutoCloseable {
    private static final String PROGRAM = "target/quarkus-app/quarkus-run.jar";
    private static final String ARGUMENTS = "src/main/jvm/java.args";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Process process;
    private final int port;
    private final Path out;
    private final Path err;
    private final HttpClient http = HttpClient.newHttpClient();

    private ProgramProcess(Process process, int port, Path out, Path err) {
        this.process = process;
        this.port = port;
        this.out = out;
        this.err = err;
    }

    /** Starts that of the module in whose directory the test runs; as below. */
    public static ProgramProcess start(Path directory, int port, Map<String, String> variables) {
        return start(Path.of(""), directory, port, variables);
    }

    /**
     * Starts it, without the variables of ours and of Kubernetes' that this process has.
     *
     * @param module where it was built
     * @param directory for its output
     * @param port at which {@code variables} have it listen
     */
    public static ProgramProcess start(Path module, Path directory, int port, Map<String, String> variables) {
        try {
            Path out = Files.createTempFile(directory, "program", ".out");
            Path err = Files.createTempFile(directory, "program", ".err");
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.add("@" + module.resolve(ARGUMENTS));
            command.addAll(
                    List.of("-jar", module.resolve(PROGRAM).toAbsolutePath().toString()));
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
            builder.environment().keySet().removeIf(name -> name.startsWith("HOLDFAST") || name.startsWith("KUBE"));
            builder.environment().putAll(variables);
            return new ProgramProcess(builder.start(), port, out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asks it over HTTP, which may take a minute. */
    public HttpResponse<String> request(String method, String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(PATIENCE)
                .method(method, BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), BodyHandlers.ofString());
    }

    public boolean alive() {
        return process.isAlive();
    }

    /** Sends SIGTERM. */
    public void terminate() {
        process.destroy();
    }

    /** Sends SIGKILL, and waits. */
    public void kill() {
        process.destroyForcibly();
        exitCode();
    }

    /** Waits for its end. */
    public int exitCode() {
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("Still running.\n" + this);
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    public String out() {
        return read(out);
    }

    public String err() {
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
