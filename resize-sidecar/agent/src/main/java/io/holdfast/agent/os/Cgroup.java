package io.holdfast.agent.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The memory cgroup of this process: v1, v2, or none that it can see. */
public final class Cgroup {
    private static final long V1_UNLIMITED = 1L << 62;
    private static final String V2_LIMIT = "memory.max";

    private final CgroupPlace place;
    private final boolean found;

    Cgroup(CgroupPlace place) {
        this(place, true);
    }

    private Cgroup(CgroupPlace place, boolean found) {
        this.place = place;
        this.found = found;
    }

    /** Returns the cgroup that this process is in now; a process can be moved, so ask again. */
    public static Cgroup own() {
        return of(Path.of("/proc/self"));
    }

    /** Returns the cgroup of a process, by its directory in {@code /proc}. */
    static Cgroup of(Path process) {
        try {
            return new Cgroup(CgroupPlace.find(
                    Files.readAllLines(process.resolve("cgroup")),
                    Files.readAllLines(process.resolve("mountinfo")),
                    directory -> Files.isDirectory(Path.of(directory))));
        } catch (NoSuchFileException e) {
            return new Cgroup(CgroupPlace.NONE); // a kernel without cgroups
        } catch (IOException | RuntimeException e) {
            return new Cgroup(CgroupPlace.NONE, false);
        }
    }

    public CgroupPlace place() {
        return place;
    }

    /** Reads limit and usage. */
    public CgroupMemory memory() {
        if (!found) {
            return CgroupMemory.UNREADABLE;
        }
        try {
            return switch (place.version()) {
                case 1 -> v1();
                case 2 -> v2();
                default -> CgroupMemory.NONE;
            };
        } catch (NoSuchFileException e) {
            return CgroupMemory.NONE; // the root of version 2 has none of them
        } catch (IOException | RuntimeException e) {
            return CgroupMemory.UNREADABLE;
        }
    }

    private CgroupMemory v1() throws IOException {
        Map<String, Long> stat = stat("memory.stat");
        long limit = Math.min(
                number("memory.limit_in_bytes"), stat.getOrDefault("hierarchical_memory_limit", Long.MAX_VALUE));
        return new CgroupMemory(
                true,
                limit >= V1_UNLIMITED ? CgroupMemory.UNLIMITED : limit,
                number("memory.usage_in_bytes"),
                stat.getOrDefault("total_inactive_file", 0L) + stat.getOrDefault("total_active_file", 0L));
    }

    private CgroupMemory v2() throws IOException {
        long limit = v2Limit(Path.of(place.directory()));
        Map<String, Long> stat = stat("memory.stat");
        return new CgroupMemory(
                true,
                limit == Long.MAX_VALUE ? CgroupMemory.UNLIMITED : limit,
                number("memory.current"),
                stat.getOrDefault("inactive_file", 0L)
                        + stat.getOrDefault("active_file", 0L)
                        + stat.getOrDefault("slab_reclaimable", 0L));
    }

    /** The smallest over this cgroup, as far up as this process sees: the root of all has no such file. */
    private static long v2Limit(Path own) throws IOException {
        long least = v2LimitOf(own);
        Path above = own.getParent();
        while (above != null && Files.exists(above.resolve(V2_LIMIT))) {
            least = Math.min(least, v2LimitOf(above));
            above = above.getParent();
        }
        return least;
    }

    private static long v2LimitOf(Path directory) throws IOException {
        String limit = Files.readString(directory.resolve(V2_LIMIT)).strip();
        return limit.equals("max") ? Long.MAX_VALUE : Long.parseLong(limit);
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
