package io.holdfast.resize.observe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A TaskManager's JVM as {@code /proc} shows it, in a process namespace that this container shares with it.
 *
 * @param pid in our namespace
 * @param innerPid what it calls itself
 * @param uid effective
 * @param gid effective
 * @param catchesQuit whether it handles SIGQUIT; a process that does not would die of it
 * @param root its root directory, seen from here
 */
public record TaskManagerProcess(long pid, long innerPid, int uid, int gid, boolean catchesQuit, Path root) {
    private static final List<String> MAIN_CLASSES = List.of(
            "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
            "org.apache.flink.kubernetes.taskmanager.KubernetesTaskExecutorRunner",
            "org.apache.flink.yarn.YarnTaskExecutorRunner");

    private static final int QUIT = 3;

    /** The first process under {@code proc}, which is {@code /proc}, that runs one of Flink's TaskManager main classes. */
    public static Optional<TaskManagerProcess> find(Path proc) {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
            for (Path process : processes) {
                if (isTaskManager(process)) {
                    return Optional.of(
                            of(proc, Long.parseLong(process.getFileName().toString())));
                }
            }
        } catch (IOException e) {
            return Optional.empty(); // it ended while we looked, or there is no /proc
        }
        return Optional.empty();
    }

    private static boolean isTaskManager(Path process) {
        try {
            String commandLine = Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
            return List.of(commandLine.split("\0")).stream().anyMatch(MAIN_CLASSES::contains);
        } catch (IOException e) {
            return false; // it has ended
        }
    }

    /** The process {@code pid}. */
    public static TaskManagerProcess of(Path proc, long pid) throws IOException {
        Map<String, String[]> status = new HashMap<>();
        for (String line :
                Files.readAllLines(proc.resolve(Long.toString(pid)).resolve("status"), StandardCharsets.ISO_8859_1)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                status.put(
                        line.substring(0, colon),
                        line.substring(colon + 1).strip().split("\\s+"));
            }
        }
        String[] names = status.getOrDefault("NSpid", new String[] {Long.toString(pid)});
        long caught = Long.parseUnsignedLong(status.getOrDefault("SigCgt", new String[] {"0"})[0], 16);
        return new TaskManagerProcess(
                pid,
                Long.parseLong(names[names.length - 1]),
                Integer.parseInt(status.get("Uid")[1]),
                Integer.parseInt(status.get("Gid")[1]),
                (caught & 1L << QUIT - 1) != 0,
                proc.resolve(Long.toString(pid)).resolve("root"));
    }

    /** Its memory controller, as it sees it itself; empty if we may not look, or it does not see its own. */
    public Optional<CgroupMemory> memory() {
        Path mount = root.resolve("sys/fs/cgroup");
        return CgroupMemory.in(mount).or(() -> CgroupMemory.in(mount.resolve("memory")));
    }
}
