package io.holdfast.benchmarks.jarcache;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One way in which a pod gets its jars: a process that has them in {@code target} when it ends.
 *
 * @param command of the process
 * @param environment in addition to this process's
 */
record Start(List<String> command, Map<String, String> environment) {

    private static final int TIMEOUT_MINUTES = 10;
    /** The kernel's USER_HZ, on every machine that a JVM runs on. */
    private static final int TICKS_PER_SECOND = 100;

    /** What it took. */
    record Took(double wallMillis, double cpuMillis) {}

    /**
     * Runs all of {@code starts} at once, from a warm page cache.
     *
     * @param directory for what they print
     * @return until the last has ended
     * @throws IOException if one does not end well; the message has what it printed
     */
    static Took all(List<Start> starts, Path directory) throws IOException {
        List<Process> running = new ArrayList<>();
        double cpuBefore = childrenCpuMillis();
        long begin = System.nanoTime();
        try {
            for (int i = 0; i < starts.size(); i++) {
                running.add(starts.get(i).begin(directory.resolve("start-" + i + ".log")));
            }
            for (int i = 0; i < running.size(); i++) {
                Process process = running.get(i);
                if (!process.waitFor(TIMEOUT_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
                    Path log = directory.resolve("start-" + i + ".log");
                    throw new IOException("'%s' %s: %s"
                            .formatted(
                                    String.join(" ", starts.get(i).command),
                                    process.isAlive() ? "did not end" : "ended with " + process.exitValue(),
                                    Files.readString(log)));
                }
            }
            double wallMillis = (System.nanoTime() - begin) / 1e6;
            return new Took(wallMillis, childrenCpuMillis() - cpuBefore);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            running.forEach(Process::destroyForcibly);
        }
    }

    private Process begin(Path log) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** Processor time of all processes that this one started and that have ended: proc(5), cutime and cstime. */
    private static double childrenCpuMillis() throws IOException {
        String stat = Files.readString(Path.of("/proc/self/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" "); // from field 3 on
        return (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) * 1_000.0 / TICKS_PER_SECOND;
    }
}
