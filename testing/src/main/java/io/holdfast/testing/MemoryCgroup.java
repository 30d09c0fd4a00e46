package io.holdfast.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A memory cgroup of its own for some processes of a test, with a limit that can be changed while they run: what a
 * container is to the memory of the JVM in it.
 *
 * <pre>{@code
 * try (MemoryCgroup cgroup = MemoryCgroup.create("taskmanager", 512L << 20)) {
 *     Process process = new ProcessBuilder(cgroup.command(List.of("java", "-version"))).start();
 *     process.waitFor();
 *     assertThat(cgroup.oomKills()).isZero();
 * }
 * }</pre>
 *
 * <p>Version 1 of the memory controller, right below the mount of its hierarchy, with a name that begins with {@value
 * #PREFIX}. Whether there is one, {@link #problem()} tells, and {@link NeedsMemoryCgroup} skips a test where there is
 * none. Nothing is ever written but below the own directory. {@link #close()} removes it, and fails while a process
 * lives in it; a JVM shutdown hook does so too, while others end the processes.
 *
 * <p>Thread-safe, but for two threads that set the limit at the same time.
 */
public final class MemoryCgroup implements AutoCloseable {

    /** What the name of every such cgroup begins with. */
    public static final String PREFIX = "holdfast-test-";

    private static final String REMEDY =
            "Run the tests as root, with the v1 memory controller mounted: mount -t cgroup -o memory cgroup"
                    + " /sys/fs/cgroup/memory";
    private static final String LIMIT = "memory.limit_in_bytes";
    private static final String LIMIT_WITH_SWAP = "memory.memsw.limit_in_bytes";
    private static final String PROCESSES = "cgroup.procs";
    private static final String INTO = "echo 0 > \"$0\" && exec \"$@\"";
    private static final Duration REMOVAL = Duration.ofSeconds(10);
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final Path mount;
    private final Path directory;
    private final Thread hook = new Thread(this::remove, "memory-cgroup-shutdown");

    /** For tests of what is refused: use {@link #create}. */
    MemoryCgroup(Path mount, Path directory) {
        this.mount = mount;
        this.directory = directory;
    }

    /** One sentence with a remedy if this machine lets us make none. */
    public static Optional<String> problem() {
        Optional<Path> mount = mount(mountInfo());
        if (mount.isEmpty()) {
            return Optional.of("No v1 memory cgroups here. " + REMEDY);
        }
        if (!Files.isWritable(mount.get()) || !Files.exists(mount.get().resolve(PROCESSES))) {
            return Optional.of("%s is not writable. %s".formatted(mount.get(), REMEDY));
        }
        return Optional.empty();
    }

    /** Makes a cgroup; {@code name} appears in its directory's name. */
    public static MemoryCgroup create(String name, long limitBytes) {
        problem().ifPresent(problem -> {
            throw new IllegalStateException(problem);
        });
        Path mount = mount(mountInfo()).orElseThrow();
        MemoryCgroup cgroup = new MemoryCgroup(
                mount,
                mount.resolve("%s%s-%d-%d"
                        .formatted(PREFIX, name, ProcessHandle.current().pid(), COUNT.incrementAndGet())));
        cgroup.requireOwn();
        try {
            Files.createDirectory(cgroup.directory);
        } catch (IOException e) {
            throw new UncheckedIOException("Cgroup not made: " + cgroup.directory, e);
        }
        Runtime.getRuntime().addShutdownHook(cgroup.hook);
        if (!cgroup.limit(limitBytes)) {
            cgroup.close();
            throw new IllegalArgumentException("A new cgroup refuses a limit of %d bytes.".formatted(limitBytes));
        }
        return cgroup;
    }

    /** Where the hierarchy of the v1 memory controller is mounted, by the text of {@code /proc/self/mountinfo}. */
    static Optional<Path> mount(String mountInfo) {
        for (String line : mountInfo.lines().toList()) {
            String[] halves = line.split(" - ", 2);
            String[] left = halves[0].split(" ");
            String[] right = halves.length < 2 ? new String[0] : halves[1].split(" ");
            if (left.length >= 5
                    && right.length >= 3
                    && right[0].equals("cgroup")
                    && List.of(right[2].split(",")).contains("memory")) {
                return Optional.of(Path.of(left[4]));
            }
        }
        return Optional.empty();
    }

    public Path directory() {
        return directory;
    }

    /** The limit that the kernel enforces, in bytes. */
    public long limitBytes() {
        return number(LIMIT);
    }

    /**
     * Sets the limit, with and without swap, in the order that the kernel asks for. Returns whether it did: more that is in
     * use than page cache can be given up for is a refusal, and the limit stays as it was.
     */
    public boolean limit(long bytes) {
        long before = limitBytes();
        boolean swapCounts = Files.exists(directory.resolve(LIMIT_WITH_SWAP));
        if (bytes >= before) {
            return (!swapCounts || write(LIMIT_WITH_SWAP, bytes)) && write(LIMIT, bytes) && isSet(bytes);
        }
        if (!write(LIMIT, bytes)) {
            return false;
        }
        if (swapCounts && !write(LIMIT_WITH_SWAP, bytes)) {
            write(LIMIT, before);
            return false;
        }
        return isSet(bytes);
    }

    /** Memory in use, page cache included, in bytes: what a kubelet compares with a smaller limit. */
    public long usageBytes() {
        return number("memory.usage_in_bytes");
    }

    /** A line of {@code memory.stat}, such as {@code total_inactive_file}, in bytes. */
    public long stat(String name) {
        return line("memory.stat", name);
    }

    /** The most that was ever in use, in bytes. Not how often the limit was hit: newer kernels no longer count that. */
    public long peakBytes() {
        return number("memory.max_usage_in_bytes");
    }

    /** How many processes in here the kernel has killed for want of memory. */
    public long oomKills() {
        return line("memory.oom_control", "oom_kill");
    }

    /** Ids of the processes that live in here. */
    public List<Long> processes() {
        return text(PROCESSES).lines().map(Long::valueOf).toList();
    }

    /** {@code command} so that it begins its life in here, with the same process id. */
    public List<String> command(List<String> command) {
        requireOwn();
        List<String> inside = new ArrayList<>(
                List.of("/bin/sh", "-c", INTO, directory.resolve(PROCESSES).toString()));
        inside.addAll(command);
        return inside;
    }

    /** Removes the cgroup. A process that is being killed has ten seconds to go. */
    @Override
    public void close() {
        remove();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is shutting down already; the hook does the same again.
        }
    }

    private void remove() {
        requireOwn();
        long deadlineNanos = System.nanoTime() + REMOVAL.toNanos();
        while (true) {
            try {
                Files.delete(directory);
                return;
            } catch (NoSuchFileException e) {
                return;
            } catch (IOException e) {
                if (System.nanoTime() > deadlineNanos) {
                    throw new IllegalStateException(
                            "%s cannot be removed, with the processes %s in it. End them, then rmdir it."
                                    .formatted(directory, processes()),
                            e);
                }
                LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
            }
        }
    }

    @Override
    public String toString() {
        return directory.toString();
    }

    /** Throws unless the directory is one of ours: a limit of the whole machine must not be within reach. */
    private void requireOwn() {
        Path own = directory.normalize();
        if (!own.equals(directory)
                || !own.isAbsolute()
                || own.getParent() == null
                || !own.getParent().equals(mount.normalize())
                || !own.getFileName().toString().startsWith(PREFIX)) {
            throw new IllegalStateException("'%s' is not a directory %s* right below %s. Nothing was written."
                    .formatted(directory, PREFIX, mount));
        }
    }

    private boolean isSet(long bytes) {
        long set = limitBytes();
        return set <= bytes && bytes - set < 64 << 10; // the kernel rounds to pages
    }

    /** Whether the kernel took the value. Throws if it could not even be asked. */
    private boolean write(String file, long value) {
        requireOwn();
        Path path = directory.resolve(file);
        if (!Files.isWritable(path)) {
            throw new IllegalStateException(path + " is not writable. " + REMEDY);
        }
        try {
            Files.write(path, Long.toString(value).getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
            return true;
        } catch (IOException e) {
            return false; // EBUSY
        }
    }

    private long number(String file) {
        return Long.parseLong(text(file).strip());
    }

    private long line(String file, String name) {
        return text(file)
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        "%s of this kernel has no line %s.".formatted(directory.resolve(file), name)));
    }

    private String text(String file) {
        try {
            return Files.readString(directory.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException("Not readable: " + directory.resolve(file), e);
        }
    }

    private static String mountInfo() {
        Path file = Path.of("/proc/self/mountinfo");
        try (Stream<String> lines = Files.lines(file)) {
            return String.join("\n", (Iterable<String>) lines::iterator);
        } catch (IOException | UncheckedIOException e) {
            return ""; // not Linux
        }
    }
}
