package io.holdfast.agent.running;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A real memory cgroup below the one that the tests run in: version 1, where this machine lets us. */
final class ChildCgroup implements AutoCloseable {
    private final Path directory;

    private ChildCgroup(Path directory) {
        this.directory = directory;
    }

    /** Makes one; skips the test where that is not possible. */
    static ChildCgroup make(long limitBytes) {
        Path child = own().resolve("holdfast-test-" + ProcessHandle.current().pid() + "-" + System.nanoTime());
        try {
            Files.createDirectory(child);
        } catch (IOException e) {
            assumeTrue(false, "No memory cgroup (version 1) can be made here: " + e);
        }
        ChildCgroup cgroup = new ChildCgroup(child);
        cgroup.limit(limitBytes);
        return cgroup;
    }

    /** What makes the command behind it run inside. */
    String[] command() {
        return new String[] {"sh", "-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", directory.toString()};
    }

    void limit(long bytes) {
        try {
            Files.writeString(directory.resolve("memory.limit_in_bytes"), Long.toString(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long usage() {
        return Long.parseLong(lines("memory.usage_in_bytes").get(0));
    }

    /** Returns how many processes the kernel killed in it. */
    long kills() {
        return lines("memory.oom_control").stream()
                .filter(line -> line.startsWith("oom_kill "))
                .mapToLong(line -> Long.parseLong(line.substring("oom_kill ".length())))
                .sum();
    }

    /** Returns what is to be known when a process in it has died. */
    String figures() {
        return "killed %d, most used %s, usage %d, limit %s, refused %s"
                .formatted(
                        kills(),
                        lines("memory.max_usage_in_bytes").get(0),
                        usage(),
                        lines("memory.limit_in_bytes").get(0),
                        lines("memory.failcnt").get(0));
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(directory); // its processes have ended
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> lines(String file) {
        try {
            return Files.readAllLines(directory.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path own() {
        try {
            String path = Files.readAllLines(Path.of("/proc/self/cgroup")).stream()
                    .map(line -> line.split(":", 3))
                    .filter(parts -> List.of(parts[1].split(",")).contains("memory"))
                    .map(parts -> parts[2])
                    .findFirst()
                    .orElse("");
            Path root = Path.of("/sys/fs/cgroup/memory");
            Path own = Path.of(root + path);
            return Files.isDirectory(own) ? own : root;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
