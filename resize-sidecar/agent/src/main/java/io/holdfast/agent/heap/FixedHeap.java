package io.holdfast.agent.heap;

import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.Deadline;
import io.holdfast.agent.report.ErrorCode;

/** The heap of a collector that no ceiling can be kept for. */
final class FixedHeap implements HeapControl {
    private final long maxBytes;
    private final HeapUsage usage;
    private final String reason;

    /** @param reason why, for people */
    FixedHeap(long maxBytes, HeapUsage usage, String reason) {
        this.maxBytes = maxBytes;
        this.usage = usage;
        this.reason = reason;
    }

    @Override
    public HeapMethod method() {
        return HeapMethod.NONE;
    }

    @Override
    public boolean hard() {
        return true;
    }

    @Override
    public long maxBytes() {
        return maxBytes;
    }

    @Override
    public long ceilingBytes() {
        return maxBytes;
    }

    @Override
    public long floorBytes() {
        return maxBytes;
    }

    @Override
    public void tend() {
        usage.observe(0, 0);
    }

    @Override
    public void setCeiling(long bytes, Deadline deadline) {
        if (bytes != maxBytes) {
            throw new AgentException(
                    ErrorCode.UNSUPPORTED,
                    "The ceiling of this heap cannot be moved: " + reason,
                    "Start the JVM with -XX:+UseG1GC or -XX:+UseZGC");
        }
    }
}
