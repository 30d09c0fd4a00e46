package io.holdfast.testing.containers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program that was started, with its output in files, so that no full pipe ever stops it. */
final class Command {

    private final List<String> line;
    private final Process process;
    private final Path out;
    private final Path err;

    private Command(List<String> line, Process process, Path out, Path err) {
        this.line = line;
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /** Starts {@code line}; {@code environment} is added to the one of this process. */
    static Command start(Path directory, Map<String, String> environment, List<String> line) {
        try {
            Path out = Files.createTempFile(directory, "command-", ".out");
            Path err = Files.createTempFile(directory, "command-", ".err");
            ProcessBuilder builder = new ProcessBuilder(line)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().putAll(environment);
            return new Command(line, builder.start(), out, err);
        } catch (IOException e) {
            throw new UncheckedIOException("Not started: " + String.join(" ", line), e);
        }
    }

    /** Waits for the end; a program that takes longer than {@code timeout} is killed, and that is an error. */
    Finished await(Duration timeout) {
        try {
            if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                kill();
                throw new IllegalStateException("%s did not end within %d s.%n%s%s"
                        .formatted(String.join(" ", line), timeout.toSeconds(), text(out), text(err)));
            }
            Finished finished = new Finished(process.exitValue(), text(out), text(err));
            Files.deleteIfExists(out);
            Files.deleteIfExists(err);
            return finished;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            kill();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while this ran: " + String.join(" ", line), e);
        }
    }

    /** As {@link #await}, and any other exit code than 0 is an error. */
    String output(Duration timeout) {
        Finished finished = await(timeout);
        if (finished.exitCode() != 0) {
            throw new IllegalStateException("%s exited with %d.%n%s%s"
                    .formatted(String.join(" ", line), finished.exitCode(), finished.out(), finished.err()));
        }
        return finished.out();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    String errorsSoFar() {
        return text(err);
    }

    /** Returns when the program is gone. */
    void kill() {
        process.destroyForcibly();
        process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }

    private static String text(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
