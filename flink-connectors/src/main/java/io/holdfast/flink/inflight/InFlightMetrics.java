package io.holdfast.flink.inflight;

import org.apache.flink.metrics.MetricGroup;

/**
 * Every meter of the in-flight log, beside Flink's own in the group of the shuffle service under {@code
 * holdfast.inFlightLog}; {@code docs/reference/metrics.md} describes them. Read by any thread.
 */
public final class InFlightMetrics {

    private InFlightMetrics() {}

    /**
     * TaskManager start-up thread, once.
     *
     * @param shuffle group that holds Flink's meters of the network memory
     */
    public static void register(MetricGroup shuffle, InFlightStore store) {
        MetricGroup group = shuffle.addGroup("holdfast").addGroup("inFlightLog");
        group.gauge("memoryBytes", store::memoryUsed);
        group.gauge("diskBytes", store::diskUsed);
        group.gauge("oldestAgeMs", store::oldestAgeMs);
        group.gauge("refused", store::refused);
        group.gauge("givenUp", store::givenUp);
        group.gauge("failures", store::failures);
    }
}
