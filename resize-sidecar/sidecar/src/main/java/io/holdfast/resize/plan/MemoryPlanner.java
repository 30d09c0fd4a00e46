package io.holdfast.resize.plan;

import io.holdfast.base.ByteSize;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Splits a container limit by Flink's memory model. Pure: no clock, no I/O, no Kubernetes types.
 *
 * <p>Managed memory, metaspace and Flink's off-heap budgets stay as they were at the start. Of what a limit adds to the
 * baseline, a tenth is left as slack to the JVM's overhead, as Flink itself would; network memory may get 9 %; the heap gets
 * all else. What a limit lacks below the baseline is taken from the heap, for no overhead has shrunk.
 */
public final class MemoryPlanner {
    /** Flink's {@code taskmanager.memory.jvm-overhead.fraction}. */
    private static final double SLACK = 0.10;

    /** Flink's {@code taskmanager.memory.network.fraction} of what is not overhead. */
    private static final double NETWORK_SHARE = 0.09;

    /** Network memory is short from this part of it on. */
    private static final double FULL = 0.9;

    private final OptionalLong baselineBytes;
    private final OptionalLong heapFloorBytes;
    private final NetworkPolicy policy;

    /**
     * @param baselineBytes limit for which the sizes at the start were computed; absent for the limit at the start
     * @param heapFloorBytes least heap, in bytes; absent for what the agent can reach
     */
    public MemoryPlanner(OptionalLong baselineBytes, OptionalLong heapFloorBytes, NetworkPolicy policy) {
        this.baselineBytes = baselineBytes;
        this.heapFloorBytes = heapFloorBytes;
        this.policy = policy;
    }

    /** The limit that the sizes at the start belong to; absent if there was none. */
    public OptionalLong baseline(TaskManager taskManager) {
        if (baselineBytes.isPresent()) {
            return baselineBytes;
        }
        long atStart = taskManager.baseline().limitBytes();
        return atStart > 0 ? OptionalLong.of(atStart) : OptionalLong.empty();
    }

    /**
     * Returns the sizes for a limit that is larger than, or the same as, the one lived by now. Nothing is smaller than it is.
     *
     * @param limitBytes container limit, in bytes
     */
    public Sizes grown(long limitBytes, TaskManager taskManager) {
        Sizes now = taskManager.sizes();
        long leftByHeap = heapAndNetwork(limitBytes, taskManager) - now.heapBytes();
        long network = Math.max(now.networkBytes(), Math.min(grownNetwork(limitBytes, taskManager), leftByHeap));
        long heap = heap(limitBytes, network, taskManager);
        return new Sizes(
                Math.max(now.heapBytes(), heap), Math.max(now.directBytes(), direct(network, taskManager)), network);
    }

    /**
     * As {@link #grown}, for network memory that appears after the heap has grown: by {@link NetworkPolicy#ALWAYS} it gets
     * its whole share, and the heap gives it where live data allows.
     *
     * @param limitBytes container limit, in bytes
     */
    Sizes shared(long limitBytes, TaskManager taskManager) {
        Sizes grown = grown(limitBytes, taskManager);
        long network = Math.max(grown.networkBytes(), grownNetwork(limitBytes, taskManager));
        long heap = heap(limitBytes, network, taskManager);
        return policy == NetworkPolicy.ALWAYS && heap >= leastHeap(taskManager)
                ? new Sizes(heap, Math.max(grown.directBytes(), direct(network, taskManager)), network)
                : grown;
    }

    /**
     * Returns the sizes for a limit that is smaller than the one lived by now. Nothing is larger than it is, and nothing
     * below its floor.
     *
     * @param limitBytes container limit, in bytes
     */
    public Split shrunk(long limitBytes, TaskManager taskManager) {
        Sizes now = taskManager.sizes();
        long network = Math.min(now.networkBytes(), shrunkNetwork(limitBytes, taskManager));
        long fitting = Math.min(now.heapBytes(), heap(limitBytes, network, taskManager));
        long least = leastHeap(taskManager);
        long heap = Math.min(now.heapBytes(), Math.max(fitting, least));
        Sizes sizes = new Sizes(heap, Math.min(now.directBytes(), direct(network, taskManager)), network);
        return new Split(
                sizes, fitting < least ? Optional.of(tooLittle(fitting, least, taskManager)) : Optional.empty());
    }

    private String tooLittle(long fitting, long least, TaskManager taskManager) {
        long live = taskManager.heap().liveBytes();
        return "It leaves %s of heap, and the least is %s (%s%s)"
                .formatted(
                        mebibytes(Math.max(0, fitting)),
                        mebibytes(least),
                        live < 0 ? "live data not known" : "live data " + mebibytes(live),
                        heapFloorBytes.isPresent() && heapFloorBytes.getAsLong() == least
                                ? ", HOLDFAST_RESIZE_HEAP_FLOOR " + new ByteSize(least)
                                : "");
    }

    private long leastHeap(TaskManager taskManager) {
        return Math.max(taskManager.heap().floorBytes(), heapFloorBytes.orElse(0));
    }

    private long heap(long limitBytes, long network, TaskManager taskManager) {
        return Math.min(taskManager.heap().maxBytes(), heapAndNetwork(limitBytes, taskManager) - network);
    }

    /** All that is not slack, or fixed. */
    private long heapAndNetwork(long limitBytes, TaskManager taskManager) {
        long added = added(limitBytes, taskManager);
        long slack = added > 0 ? (long) (added * SLACK) : 0;
        return taskManager.baseline().heapBytes() + networkAtStart(taskManager) + added - slack;
    }

    private static long direct(long network, TaskManager taskManager) {
        return taskManager.baseline().directBytes() + network - networkAtStart(taskManager);
    }

    private long grownNetwork(long limitBytes, TaskManager taskManager) {
        return taskManager
                .network()
                .map(network -> switch (policy) {
                    case NEVER -> network.targetBytes();
                    case ALWAYS -> networkShare(limitBytes, taskManager, network);
                    case WHEN_SHORT ->
                        network.usedBytes() >= network.sizeBytes() * FULL
                                ? networkShare(limitBytes, taskManager, network)
                                : network.targetBytes();
                })
                .orElse(0L);
    }

    private long shrunkNetwork(long limitBytes, TaskManager taskManager) {
        return taskManager
                .network()
                .map(network -> Math.max(network.floorBytes(), networkShare(limitBytes, taskManager, network)))
                .orElse(0L);
    }

    private long networkShare(long limitBytes, TaskManager taskManager, TaskManager.Network network) {
        long share = (long) (Math.max(0, added(limitBytes, taskManager)) * NETWORK_SHARE);
        return Math.max(network.minBytes(), Math.min(network.maxBytes(), networkAtStart(taskManager) + share));
    }

    private static long networkAtStart(TaskManager taskManager) {
        return taskManager.network().isPresent() ? taskManager.baseline().networkBytes() : 0;
    }

    private long added(long limitBytes, TaskManager taskManager) {
        return limitBytes - baseline(taskManager).orElse(limitBytes);
    }

    static String mebibytes(long bytes) {
        return bytes / (1024 * 1024) + "Mi";
    }
}
