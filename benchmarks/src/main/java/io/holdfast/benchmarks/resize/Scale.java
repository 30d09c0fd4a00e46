package io.holdfast.benchmarks.resize;

import io.holdfast.testing.FlinkProcessesBuilder;

/**
 * How large everything is, and how often it is done.
 *
 * @param smallMiB limit that the TaskManager starts with, and is shrunk to
 * @param largeMiB limit that it grows to
 * @param networkMiB of the smaller one, as the next two
 * @param offHeapMiB direct memory besides
 * @param overheadMiB what the JVM needs for itself
 * @param liveMiB on the heap while the limit is small
 * @param peakMiB on the heap while it is large: more than the small one has
 * @param cycles of growing and shrinking
 * @param trials of each way to compare with
 * @param idleSeconds for which the sidecar is watched without work
 * @param pairs of windows for what a held heap costs
 */
record Scale(
        int smallMiB,
        int largeMiB,
        int networkMiB,
        int offHeapMiB,
        int overheadMiB,
        int liveMiB,
        int peakMiB,
        int cycles,
        int trials,
        int idleSeconds,
        int pairs,
        int windowMillis) {

    static final Scale FULL = new Scale(2048, 4096, 160, 128, 256, 400, 1_900, 100, 20, 60, 8, 10_000);
    static final Scale QUICK = new Scale(1024, 2048, 96, 96, 192, 200, 850, 10, 4, 20, 4, 4_000);

    /** Of both TaskManagers together. */
    static final int RECORDS_PER_SECOND = 600;

    private static final int GARBAGE_KIB = 2_048;
    private static final int DIRECT_MIB = 32;

    /** From the moment at which the limit may be lowered until it is: what a kubelet takes to get to it, at the least. */
    static final int UNTIL_LIMIT_MILLIS = 3_000;

    private static final long MIB = 1L << 20;

    long smallBytes() {
        return smallMiB * MIB;
    }

    long largeBytes() {
        return largeMiB * MIB;
    }

    /** What may be added to the heap at most: all that Flink's memory model does not leave to the JVM's overhead. */
    int addedHeapMiB() {
        return (largeMiB - smallMiB) * 9 / 10;
    }

    /** Two TaskManagers of the smaller size, with a subtask of each vertex each. */
    FlinkProcessesBuilder sizes(FlinkProcessesBuilder builder) {
        return builder.taskManagers(2)
                .slotsPerTaskManager(1)
                .taskManagerMemoryMiB(smallMiB)
                .networkMemoryMiB(networkMiB)
                .offHeapMemoryMiB(offHeapMiB)
                .overheadMemoryMiB(overheadMiB);
    }

    /** What the job does in cycles and trials. */
    LoadedCluster.Work work() {
        return new LoadedCluster.Work(2, RECORDS_PER_SECOND, liveMiB, GARBAGE_KIB, DIRECT_MIB);
    }
}
