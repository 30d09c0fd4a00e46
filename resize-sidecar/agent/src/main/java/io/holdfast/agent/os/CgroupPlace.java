package io.holdfast.agent.os;

import java.util.List;
import java.util.function.Predicate;

/**
 * Where a process's memory cgroup is.
 *
 * @param version 1 or 2; 0 if none can be seen
 * @param path its name, as {@code /proc/self/cgroup} has it; empty if none
 * @param directory where this process finds its files; empty if none
 */
public record CgroupPlace(int version, String path, String directory) {
    static final CgroupPlace NONE = new CgroupPlace(0, "", "");

    /**
     * @param cgroup the lines of {@code /proc/self/cgroup}
     * @param mounts the lines of {@code /proc/self/mountinfo}
     * @param exists tells whether a directory is there
     */
    static CgroupPlace find(List<String> cgroup, List<String> mounts, Predicate<String> exists) {
        String unified = null;
        for (String line : cgroup) {
            String[] parts = line.split(":", 3);
            if (parts.length == 3 && List.of(parts[1].split(",")).contains("memory")) {
                return located(1, parts[2], mounts, exists); // where v1 has memory, v2 has not
            }
            if (parts.length == 3 && parts[0].equals("0") && parts[1].isEmpty()) {
                unified = parts[2];
            }
        }
        return unified == null ? NONE : located(2, unified, mounts, exists);
    }

    private static CgroupPlace located(int version, String path, List<String> mounts, Predicate<String> exists) {
        for (String line : mounts) {
            int dash = line.indexOf(" - ");
            if (dash < 0) {
                continue;
            }
            String[] mount = line.substring(0, dash).split(" ");
            String[] kind = line.substring(dash + 3).split(" ");
            boolean wanted = version == 2
                    ? kind[0].equals("cgroup2")
                    : kind[0].equals("cgroup")
                            && kind.length > 2
                            && List.of(kind[2].split(",")).contains("memory");
            if (!wanted || mount.length < 5) {
                continue;
            }
            String root = mount[3];
            String point = mount[4];
            String below = root.equals("/") ? path : path.startsWith(root) ? path.substring(root.length()) : "";
            String directory = below.isEmpty() || below.equals("/") ? point : point + below;
            // A container may see its own cgroup as the root of the mount, under a name of the host's.
            return new CgroupPlace(version, path, exists.test(directory) ? directory : point);
        }
        return NONE;
    }
}
