package io.holdfast.agent.heap;

import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.Deadline;
import io.holdfast.agent.report.ErrorCode;
import java.lang.management.ManagementFactory;
import javax.management.Attribute;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * The heap of OpenJ9, whose memory bean ({@code com.ibm.lang.management.MemoryMXBean}) has a settable maximum. Written
 * from its documentation; OpenJ9 was not run.
 */
final class OpenJ9Heap implements HeapControl {
    private static final String MAXIMUM = "MaxHeapSize";
    private static final String LIMIT = "MaxHeapSizeLimit";

    private final MBeanServer server;
    private final ObjectName bean;
    private final HeapUsage usage;

    private OpenJ9Heap(MBeanServer server, ObjectName bean, HeapUsage usage) {
        this.server = server;
        this.bean = bean;
        this.usage = usage;
    }

    /** Returns the control; null if this JVM is no OpenJ9, or was started without {@code -Xsoftmx}. */
    static HeapControl find(String vmName, MBeanServer server, HeapUsage usage) {
        if (!vmName.contains("OpenJ9")) {
            return null;
        }
        try {
            ObjectName bean = new ObjectName(ManagementFactory.MEMORY_MXBEAN_NAME);
            boolean settable = (Boolean) server.getAttribute(bean, "SetMaxHeapSizeSupported");
            return settable ? new OpenJ9Heap(server, bean, usage) : null;
        } catch (JMException | RuntimeException e) {
            return null;
        }
    }

    @Override
    public HeapMethod method() {
        return HeapMethod.OPENJ9;
    }

    @Override
    public boolean hard() {
        return true;
    }

    @Override
    public long maxBytes() {
        return read(LIMIT);
    }

    @Override
    public long ceilingBytes() {
        return read(MAXIMUM);
    }

    @Override
    public long floorBytes() {
        return FeasibilityPolicy.floor(usage.liveAtMost(0), 1L << 20);
    }

    @Override
    public void tend() {
        usage.observe(0, 0);
    }

    @Override
    public void setCeiling(long bytes, Deadline deadline) {
        if (bytes < ceilingBytes()) {
            usage.collect(() -> 0);
        }
        try {
            server.setAttribute(bean, new Attribute(MAXIMUM, bytes));
        } catch (JMException | RuntimeException e) {
            throw new AgentException(
                    ErrorCode.INFEASIBLE,
                    "The JVM refused a ceiling of " + bytes + " bytes: " + e,
                    "Ask for one between what is alive and " + maxBytes(),
                    e);
        }
        long now = ceilingBytes();
        if (now > bytes) {
            throw new AgentException(
                    ErrorCode.FAILED,
                    "The ceiling reads " + now + " after it was set to " + bytes,
                    "Look at the JVM's own log");
        }
    }

    private long read(String attribute) {
        try {
            return (Long) server.getAttribute(bean, attribute);
        } catch (JMException e) {
            throw new IllegalStateException(e);
        }
    }
}
