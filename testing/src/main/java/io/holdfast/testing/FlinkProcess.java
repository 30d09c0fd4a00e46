package io.holdfast.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One JVM of a {@link FlinkProcesses} cluster, with the signals a fault test needs.
 *
 * <p>All methods may be called from any thread.
 */
public final class FlinkProcess {

    private static final long END_TIMEOUT_SECONDS = 10;

    private final String name;
    private final Process process;
    private final ProcessFiles files;

    private FlinkProcess(String name, Process process, ProcessFiles files) {
        this.name = name;
        this.process = process;
        this.files = files;
    }

    static FlinkProcess start(ProcessFiles files, List<String> command, Map<String, String> environment) {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(files.directory().toFile())
                .redirectErrorStream(true)
                .redirectOutput(files.out().toFile());
        builder.environment().putAll(environment);
        try {
            return new FlinkProcess(files.name(), builder.start(), files);
        } catch (IOException e) {
            throw new UncheckedIOException(files.name() + " not started with " + command.get(0), e);
        }
    }

    /** {@code jobmanager}, or the TaskManager's resource id, such as {@code tm-1}. */
    public String name() {
        return name;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Flink's log. What the JVM itself says (a crash, a refused flag) is in {@link #outFile()}. */
    public Path logFile() {
        return files.log();
    }

    /** Standard output and standard error. */
    public Path outFile() {
        return files.out();
    }

    /** Sends SIGKILL and waits until the process is gone. Works on a stopped process too. */
    public void kill() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(END_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException(
                        name + " (pid " + pid() + ") still lives " + END_TIMEOUT_SECONDS + " s after SIGKILL.");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends SIGTERM and returns at once. */
    public void terminate() {
        process.destroy();
    }

    /** Sends SIGSTOP: the process keeps its connections and answers nothing, like a lost node. */
    public void stop() {
        signal("STOP");
    }

    /** Sends SIGCONT. */
    public void cont() {
        signal("CONT");
    }

    /** The last {@code lines} lines of standard output and of the log, each under a heading. */
    public String tail(int lines) {
        return section(outFile(), lines) + section(logFile(), lines);
    }

    /** The exit code, or -1 while the process lives. */
    public int exitCode() {
        return process.isAlive() ? -1 : process.exitValue();
    }

    private void signal(String signal) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(pid()))
                    .inheritIO()
                    .start();
            if (kill.waitFor() != 0) {
                throw new IllegalStateException(
                        "SIG%s not delivered to %s (pid %d), alive: %s.".formatted(signal, name, pid(), isAlive()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String section(Path file, int lines) {
        List<String> tail = new ArrayList<>();
        if (Files.isReadable(file)) {
            try {
                // Not readAllLines: a log cut by SIGKILL may end inside a character.
                List<String> all = new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                        .lines()
                        .toList();
                tail = all.subList(Math.max(0, all.size() - lines), all.size());
            } catch (IOException e) {
                return "--- " + file + ": " + e + "\n";
            }
        }
        return tail.isEmpty() ? "" : "--- " + file + "\n" + String.join("\n", tail) + "\n";
    }
}
