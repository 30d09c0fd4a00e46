package io.holdfast.agent;

import io.holdfast.agent.heap.HeapControl;
import io.holdfast.agent.heap.HeapUsage;
import io.holdfast.agent.report.AgentLog;
import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** The heap's numbers for whoever exports management beans as metrics; Flink's users can. */
final class HeapBean implements HeapMXBean {
    private static final String NAME = "io.holdfast:type=Heap";

    private final HeapControl heap;
    private final HeapUsage usage;
    private final AgentLog log;

    HeapBean(HeapControl heap, HeapUsage usage, AgentLog log) {
        this.heap = heap;
        this.usage = usage;
        this.log = log;
    }

    void register() {
        try {
            MBeanServer server = ManagementFactory.getPlatformMBeanServer();
            ObjectName name = new ObjectName(NAME);
            if (server.isRegistered(name)) {
                server.unregisterMBean(name);
            }
            server.registerMBean(this, name);
        } catch (JMException | RuntimeException e) {
            log.warn("Heap metrics not registered", "name", NAME, "cause", e);
        }
    }

    @Override
    public long getUsed() {
        return Math.max(0, usage.usedBytes() - heap.notUsedBytes());
    }

    @Override
    public long getCommitted() {
        return Math.max(0, usage.committedBytes() - heap.balloonBytes());
    }

    @Override
    public long getCeiling() {
        return heap.ceilingBytes();
    }

    @Override
    public long getMax() {
        return heap.maxBytes();
    }

    @Override
    public long getLive() {
        return usage.liveBytes();
    }

    @Override
    public long getBalloon() {
        return heap.balloonBytes();
    }

    @Override
    public long getGaveWay() {
        return heap.gaveWay();
    }
}
