package io.holdfast.agent.heap;

import io.holdfast.agent.os.VmOptions;
import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.Deadline;
import io.holdfast.agent.report.ErrorCode;
import java.util.Map;

/**
 * A ceiling that the collector keeps to as well as it can, by options of its own that may be set while it runs: {@code
 * SoftMaxHeapSize}, which ZGC heeds; or, for G1 where pages cannot be given back, how much free heap it keeps after a
 * collection.
 */
final class CollectorHeap implements HeapControl {
    private static final String CEILING = "soft.ceiling";
    private static final long GRANULE = 2L << 20;
    private static final long KEPT_FREE_PERCENT = 10;

    private final HeapMethod method;
    private final long maxBytes;
    private final VmOptions options;
    private final HeapUsage usage;
    private final long minimumFree;
    private final long maximumFree;
    private volatile long ceilingBytes;

    CollectorHeap(HeapMethod method, long maxBytes, VmOptions options, HeapUsage usage, Map<String, Object> state) {
        this.method = method;
        this.maxBytes = maxBytes;
        this.options = options;
        this.usage = usage;
        this.minimumFree = (Long) state.getOrDefault("soft.minimum-free", number("MinHeapFreeRatio"));
        this.maximumFree = (Long) state.getOrDefault("soft.maximum-free", number("MaxHeapFreeRatio"));
        this.ceilingBytes = (Long) state.getOrDefault(CEILING, maxBytes);
    }

    @Override
    public HeapMethod method() {
        return method;
    }

    @Override
    public boolean hard() {
        return false;
    }

    @Override
    public long maxBytes() {
        return maxBytes;
    }

    @Override
    public long ceilingBytes() {
        return ceilingBytes;
    }

    @Override
    public long floorBytes() {
        return FeasibilityPolicy.floor(usage.liveAtMost(0), GRANULE);
    }

    @Override
    public void tend() {
        usage.observe(0, 0);
    }

    @Override
    public Map<String, Object> handOver() {
        return Map.of(CEILING, ceilingBytes, "soft.minimum-free", minimumFree, "soft.maximum-free", maximumFree);
    }

    @Override
    public void setCeiling(long bytes, Deadline deadline) {
        long rounded = bytes / GRANULE * GRANULE;
        if (bytes > maxBytes) {
            throw new AgentException(
                    ErrorCode.INFEASIBLE,
                    "A ceiling of " + bytes + " bytes is above the heap of " + maxBytes + " that this JVM reserved",
                    "Ask for no more, or start the JVM with a larger -Xmx");
        }
        boolean shrink = rounded < ceilingBytes;
        if (shrink) {
            usage.collect(() -> 0);
            if (rounded < floorBytes()) {
                throw new AgentException(
                        ErrorCode.INFEASIBLE,
                        "A ceiling of %d bytes is below the floor of %d: %d bytes are alive after a full collection"
                                .formatted(bytes, floorBytes(), usage.liveBytes()),
                        "Ask for at least the floor, or make the application hold less");
            }
        }
        if (method == HeapMethod.SOFT_MAX_HEAP_SIZE) {
            set("SoftMaxHeapSize", rounded);
        } else if (rounded < maxBytes) { // the lower bound first: it must never be above the upper one
            set("MinHeapFreeRatio", 0);
            set("MaxHeapFreeRatio", KEPT_FREE_PERCENT);
        } else {
            set("MaxHeapFreeRatio", maximumFree);
            set("MinHeapFreeRatio", minimumFree);
        }
        ceilingBytes = rounded;
        if (shrink) {
            usage.collect(() -> 0); // with the new options in force
        }
    }

    private void set(String option, long value) {
        if (!options.set(option, value)) {
            throw new AgentException(
                    ErrorCode.FAILED,
                    "Option " + option + " reads " + options.value(option) + " after it was set to " + value,
                    "Report this with the version of the JVM");
        }
    }

    private long number(String option) {
        return options.number(option).orElse(0);
    }
}
