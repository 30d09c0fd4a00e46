package io.holdfast.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A part of a benchmark that runs in a JVM of its own, with the JDK and the JVM arguments of all others. */
record Program(String name, int timeoutMinutes) {

    /**
     * Runs it to its end. Neither it nor what it started is left behind.
     *
     * @param arguments of {@code java}, class path and main class included
     * @param output gets what it prints
     * @throws IOException if it does not end in time, or not with exit code 0
     */
    void run(Installation installation, List<String> arguments, Path output) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "@" + installation.jvmArguments()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            boolean ended = process.waitFor(timeoutMinutes, TimeUnit.MINUTES);
            if (!ended || process.exitValue() != 0) {
                throw new IOException("%s %s, see %s"
                        .formatted(
                                name,
                                ended
                                        ? "exited with " + process.exitValue()
                                        : "did not end within " + timeoutMinutes + " minutes",
                                output));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + name + " ran", e);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
