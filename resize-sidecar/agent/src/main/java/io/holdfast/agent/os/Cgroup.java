package io.holdfast.agent.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The memory cgroup of this process: v1, v2, or none that it can see. */
public final class Cgroup {
    private static final long V1_UNLIMITED = 1L << 62;

    private final CgroupPlace place;

    Cgroup(CgroupPlace place) {
        this.place = place;
    }

    /** Returns the cgroup that this process is in now; a process can be moved, so ask again. */
    public static Cgroup own() {
        try {
            return new Cgroup(CgroupPlace.find(
                    Files.readAllLines(Path.of("/proc/self/cgroup")),
                    Files.readAllLines(Path.of("/proc/self/mountinfo")),
                    directory -> Files.isDirectory(Path.of(directory))));
        } catch (IOException | RuntimeException e) {
            return new Cgroup(CgroupPlace.NONE);
        }
    }

    public CgroupPlace place() {
        return place;
    }

    /** Reads limit and usage; unknown ones where there is no memory cgroup. */
    public CgroupMemory memory() {
        try {
            return switch (place.version()) {
                case 1 -> v1();
                case 2 -> v2();
                default -> CgroupMemory.UNKNOWN;
            };
        } catch (IOException | RuntimeException e) {
            return CgroupMemory.UNKNOWN;
        }
    }

    private CgroupMemory v1() throws IOException {
        Map<String, Long> stat = stat("memory.stat");
        long limit = Math.min(
                number("memory.limit_in_bytes"), stat.getOrDefault("hierarchical_memory_limit", Long.MAX_VALUE));
        return new CgroupMemory(
                limit >= V1_UNLIMITED ? CgroupMemory.UNLIMITED : limit,
                number("memory.usage_in_bytes"),
                stat.getOrDefault("total_inactive_file", 0L) + stat.getOrDefault("total_active_file", 0L));
    }

    private CgroupMemory v2() throws IOException {
        Path max = file("memory.max"); // the root has none
        if (!Files.exists(max)) {
            return CgroupMemory.UNKNOWN;
        }
        Map<String, Long> stat = stat("memory.stat");
        String limit = Files.readString(max).strip();
        return new CgroupMemory(
                limit.equals("max") ? CgroupMemory.UNLIMITED : Long.parseLong(limit),
                number("memory.current"),
                stat.getOrDefault("inactive_file", 0L)
                        + stat.getOrDefault("active_file", 0L)
                        + stat.getOrDefault("slab_reclaimable", 0L));
    }

    private Map<String, Long> stat(String name) throws IOException {
        List<String> lines = Files.readAllLines(file(name));
        Map<String, Long> values = new HashMap<>();
        for (String line : lines) {
            int blank = line.indexOf(' ');
            if (blank > 0) {
                values.put(
                        line.substring(0, blank),
                        Long.parseUnsignedLong(line.substring(blank + 1).strip()));
            }
        }
        return values;
    }

    private long number(String name) throws IOException {
        return Long.parseLong(Files.readString(file(name)).strip());
    }

    private Path file(String name) {
        return Path.of(place.directory(), name);
    }
}
