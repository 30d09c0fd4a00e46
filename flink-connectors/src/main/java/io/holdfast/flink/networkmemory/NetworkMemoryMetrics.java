package io.holdfast.flink.networkmemory;

import org.apache.flink.metrics.MetricGroup;

/**
 * Every meter of elastic network memory, beside Flink's own in the group of the shuffle service under {@code holdfast};
 * {@code docs/reference/metrics.md} describes them. Read by any thread.
 */
public final class NetworkMemoryMetrics {

    private NetworkMemoryMetrics() {}

    /**
     * TaskManager start-up thread, once.
     *
     * @param shuffle group that holds Flink's meters of the network memory
     */
    public static void register(MetricGroup shuffle, NetworkMemoryMXBean memory) {
        MetricGroup group = shuffle.addGroup("holdfast");
        group.gauge("sizeBytes", memory::getSizeBytes);
        group.gauge("targetBytes", memory::getTargetBytes);
        group.gauge("debtBytes", memory::getDebtBytes);
        group.gauge("floorBytes", memory::getFloorBytes);
        group.gauge("grownBack", memory::getGrownBack);
    }
}
