package io.holdfast.testing;

import static java.util.Map.entry;

import java.util.List;
import java.util.Map;

/**
 * Splits the memory of a small TaskManager JVM into the parts Flink and the JVM must be told.
 *
 * <p>Flink's start scripts compute this; a TaskManager that is started without them refuses to run until the task
 * heap, network and managed sizes are explicit.
 */
record TaskManagerMemory(
        int heapMiB, int metaspaceMiB, int networkMiB, int managedMiB, int offHeapMiB, int overheadMiB) {

    static final int OFF_HEAP_MIB = 64;
    static final int OVERHEAD_MIB = 32;

    private static final int METASPACE_MIB = 112;
    private static final int SMALLEST_HEAP_MIB = 64;
    /** Flink's own share of the heap and of the direct memory. */
    private static final int FRAMEWORK_MIB = 32;

    static TaskManagerMemory of(int processMiB, int networkMiB, int managedMiB) {
        return of(processMiB, networkMiB, managedMiB, OFF_HEAP_MIB, OVERHEAD_MIB);
    }

    static TaskManagerMemory of(int processMiB, int networkMiB, int managedMiB, int offHeapMiB, int overheadMiB) {
        int heapMiB = processMiB - METASPACE_MIB - offHeapMiB - overheadMiB - networkMiB - managedMiB;
        if (heapMiB < SMALLEST_HEAP_MIB) {
            throw new IllegalArgumentException(
                    "A TaskManager of %d MiB with %d MiB network and %d MiB managed memory has %d MiB heap, needs %d."
                                    .formatted(processMiB, networkMiB, managedMiB, heapMiB, SMALLEST_HEAP_MIB)
                            + " Raise taskManagerMemoryMiB or lower the other two.");
        }
        return new TaskManagerMemory(heapMiB, METASPACE_MIB, networkMiB, managedMiB, offHeapMiB, overheadMiB);
    }

    List<String> jvmFlags() {
        return List.of(
                "-Xms" + heapMiB + "m",
                "-Xmx" + heapMiB + "m",
                "-XX:MaxDirectMemorySize=" + (networkMiB + offHeapMiB) + "m",
                "-XX:MaxMetaspaceSize=" + metaspaceMiB + "m");
    }

    Map<String, String> options() {
        return Map.ofEntries(
                entry("taskmanager.cpu.cores", "1.0"),
                entry("taskmanager.memory.framework.heap.size", FRAMEWORK_MIB + "m"),
                entry("taskmanager.memory.framework.off-heap.size", FRAMEWORK_MIB + "m"),
                entry("taskmanager.memory.task.heap.size", (heapMiB - FRAMEWORK_MIB) + "m"),
                entry("taskmanager.memory.task.off-heap.size", (offHeapMiB - FRAMEWORK_MIB) + "m"),
                entry("taskmanager.memory.network.min", networkMiB + "m"),
                entry("taskmanager.memory.network.max", networkMiB + "m"),
                entry("taskmanager.memory.managed.size", managedMiB + "m"),
                entry("taskmanager.memory.jvm-metaspace.size", metaspaceMiB + "m"),
                entry("taskmanager.memory.jvm-overhead.min", overheadMiB + "m"),
                entry("taskmanager.memory.jvm-overhead.max", overheadMiB + "m"));
    }
}
