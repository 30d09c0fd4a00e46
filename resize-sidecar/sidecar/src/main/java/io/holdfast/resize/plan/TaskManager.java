package io.holdfast.resize.plan;

import java.util.Optional;

/**
 * A TaskManager's JVM as its agent describes it. All amounts are bytes.
 *
 * @param startedMillis when the agent started, in epoch milliseconds: another value is another JVM
 * @param network absent where the pool cannot be resized
 * @param cgroup absent where the agent sees none
 * @param rssBytes resident memory of the process
 */
public record TaskManager(
        String agentVersion,
        long startedMillis,
        long pid,
        Heap heap,
        Direct direct,
        Optional<Network> network,
        Optional<Cgroup> cgroup,
        Baseline baseline,
        long rssBytes,
        String operation) {

    /**
     * @param maxBytes what the JVM reserved ({@code -Xmx}): no ceiling is above it
     * @param hard whether the ceiling is exact, or only aimed at
     * @param liveBytes in use after the last full collection; -1 if unknown
     * @param floorBytes smallest ceiling that would be accepted now
     * @param gaveWay how often the agent has raised the ceiling itself, rather than have the JVM run out of memory
     */
    public record Heap(
            long maxBytes,
            long ceilingBytes,
            boolean hard,
            long usedBytes,
            long liveBytes,
            long floorBytes,
            long gaveWay) {}

    /** Buffers outside the heap; the limit holds for network memory and for the job's own. */
    public record Direct(long limitBytes, long usedBytes, long floorBytes) {}

    /** Flink's network buffers. */
    public record Network(
            long sizeBytes, long targetBytes, long usedBytes, long floorBytes, long minBytes, long maxBytes) {}

    /** What the agent sees of the container's memory. {@code limitBytes} is -1 without a limit. */
    public record Cgroup(long limitBytes, long usageBytes, long reclaimableBytes) {}

    /** The sizes that the agent started with; {@code limitBytes} is -1 if there was no limit. */
    public record Baseline(long limitBytes, long heapBytes, long directBytes, long networkBytes) {}

    /** Network memory as it shall be, or 0 without. */
    public long networkTargetBytes() {
        return network.map(Network::targetBytes).orElse(0L);
    }

    /** The sizes that are set now. */
    public Sizes sizes() {
        return new Sizes(heap.ceilingBytes(), direct.limitBytes(), networkTargetBytes());
    }
}
