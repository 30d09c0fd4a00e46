package io.holdfast.resize.observe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The memory controller of one cgroup, v1 or v2, by the files in its directory.
 *
 * <p>Thread-safe.
 */
public final class CgroupMemory {
    /** What v1 shows where no limit is set is near to 2^63; no machine has a quarter of that. */
    private static final long UNLIMITED_V1 = 1L << 60;

    private static final String V2_LIMIT = "memory.max";
    private static final String V1_LIMIT = "memory.limit_in_bytes";

    private final Path directory;
    private final boolean v2;

    private CgroupMemory(Path directory, boolean v2) {
        this.directory = directory;
        this.v2 = v2;
    }

    /** The controller in {@code directory}; empty if there is none. */
    public static Optional<CgroupMemory> in(Path directory) {
        if (Files.isReadable(directory.resolve(V2_LIMIT))) {
            return Optional.of(new CgroupMemory(directory, true));
        }
        return Files.isReadable(directory.resolve(V1_LIMIT))
                ? Optional.of(new CgroupMemory(directory, false))
                : Optional.empty();
    }

    public Path directory() {
        return directory;
    }

    public int version() {
        return v2 ? 2 : 1;
    }

    /** The limit in bytes; empty if there is none. */
    public OptionalLong limitBytes() throws IOException {
        String text = read(v2 ? V2_LIMIT : V1_LIMIT);
        if (text.equals("max")) {
            return OptionalLong.empty();
        }
        long bytes = number(text);
        return bytes >= UNLIMITED_V1 ? OptionalLong.empty() : OptionalLong.of(bytes);
    }

    /** What counts against the limit, page cache included, in bytes. */
    public long usageBytes() throws IOException {
        return number(read(v2 ? "memory.current" : "memory.usage_in_bytes"));
    }

    /** Page cache that the kernel could give up without writing, in bytes. */
    public long reclaimableBytes() throws IOException {
        String key = v2 ? "inactive_file " : "total_inactive_file ";
        return read("memory.stat")
                .lines()
                .filter(line -> line.startsWith(key))
                .mapToLong(line -> number(line.substring(key.length())))
                .findFirst()
                .orElse(0);
    }

    /** The file that asks the kernel to give up page cache; empty if it is not there or not ours to write. */
    public Optional<Path> reclaimFile() {
        return Optional.of(directory.resolve(v2 ? "memory.reclaim" : "memory.force_empty"))
                .filter(Files::isWritable);
    }

    private String read(String file) throws IOException {
        return Files.readString(directory.resolve(file), StandardCharsets.US_ASCII)
                .strip();
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text.strip());
        } catch (NumberFormatException e) { // v1 can show more than fits
            return Long.parseUnsignedLong(text.strip()) < 0 ? Long.MAX_VALUE : 0;
        }
    }

    @Override
    public String toString() {
        return directory + " (v" + version() + ")";
    }
}
