package io.holdfast.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How one TaskManager of a {@link FlinkProcesses} cluster is started, where it differs from the others.
 *
 * @param javaHome its Java; empty for the one that runs the test
 * @param jvmFlags after all others, so that these win; a flag that chooses a collector replaces the usual one
 * @param options of Flink; they win over all others
 * @param cgroup that its JVM lives in; empty for the one of the test
 */
public record TaskManagerStart(
        Optional<Path> javaHome, List<String> jvmFlags, Map<String, String> options, Optional<MemoryCgroup> cgroup) {

    /** As all others. */
    public static final TaskManagerStart USUAL =
            new TaskManagerStart(Optional.empty(), List.of(), Map.of(), Optional.empty());

    public TaskManagerStart withJava(Path home) {
        return new TaskManagerStart(Optional.of(home), jvmFlags, options, cgroup);
    }

    /** With more flags, after those before. */
    public TaskManagerStart withFlags(List<String> more) {
        List<String> all = new ArrayList<>(jvmFlags);
        all.addAll(more);
        return new TaskManagerStart(javaHome, List.copyOf(all), options, cgroup);
    }

    public TaskManagerStart withOption(String key, String value) {
        Map<String, String> all = new TreeMap<>(options);
        all.put(key, value);
        return new TaskManagerStart(javaHome, jvmFlags, Map.copyOf(all), cgroup);
    }

    public TaskManagerStart in(MemoryCgroup home) {
        return new TaskManagerStart(javaHome, jvmFlags, options, Optional.of(home));
    }
}
