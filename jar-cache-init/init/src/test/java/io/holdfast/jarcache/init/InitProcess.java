package io.holdfast.jarcache.init;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The program as the container runs it: the built jar in a JVM of its own, with variables alone to say what to do. */
final class InitProcess implements AutoCloseable {
    private static final Path PROGRAM = Path.of("target/quarkus-app/quarkus-run.jar");
    private static final Path ARGUMENTS = Path.of("src/main/jvm/java.args");
    private static final int SIGKILL_CODE = 137;

    private final Process process;
    private final Path out;
    private final Path err;

    private InitProcess(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /**
     * Starts it.
     *
     * @param directory for its output
     * @param before what to put before java, such as the flags of another user
     */
    static InitProcess start(Path directory, Map<String, String> variables, List<String> before, String... javaFlags) {
        try {
            Path out = Files.createTempFile(directory, "init", ".out");
            Path err = Files.createTempFile(directory, "init", ".err");
            List<String> command = new ArrayList<>(before);
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.add("@" + ARGUMENTS);
            command.addAll(List.of(javaFlags));
            command.addAll(List.of("-jar", PROGRAM.toAbsolutePath().toString()));
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
            builder.environment().keySet().removeIf(name -> name.startsWith("HOLDFAST"));
            builder.environment().putAll(variables);
            return new InitProcess(builder.start(), out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for its end, and returns its exit code. */
    int exitCode() {
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new AssertionError("Still running after 60 s.\n" + this);
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    void terminate() {
        process.destroy();
    }

    void kill() {
        process.destroyForcibly();
        if (exitCode() != SIGKILL_CODE) {
            throw new AssertionError("It ended by itself.\n" + this);
        }
    }

    boolean isAlive() {
        return process.isAlive();
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
