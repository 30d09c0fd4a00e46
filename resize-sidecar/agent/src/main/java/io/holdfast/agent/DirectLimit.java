package io.holdfast.agent;

import io.holdfast.agent.heap.HeapControl;
import io.holdfast.agent.heap.HeapUsage;
import io.holdfast.agent.heap.MemoryRoom;
import io.holdfast.agent.os.DirectMemory;
import io.holdfast.agent.os.LoanPolicy;
import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.AgentLog;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.OptionalLong;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * Moves the limit of direct memory, and gives way to who must have more of it: network memory that grows back for a task
 * asks for that over JMX, where no class is shared. One at a time; any thread.
 */
final class DirectLimit implements DirectMemoryMXBean {
    private static final String NAME = "io.holdfast:type=DirectMemory";
    private static final String GAVE_WAY = "direct.gave-way";
    private static final String LARGEST = "direct.largest";

    private final DirectMemory direct;
    private final HeapControl heap;
    private final HeapUsage usage;
    private final MemoryRoom room;
    private final boolean givesWay;
    private final AgentLog log;

    private volatile long gaveWay;
    private long largestBytes;

    /** @param state what a predecessor handed over; empty if there was none */
    DirectLimit(
            DirectMemory direct,
            HeapControl heap,
            HeapUsage usage,
            MemoryRoom room,
            boolean givesWay,
            Map<String, Object> state,
            AgentLog log) {
        this.direct = direct;
        this.heap = heap;
        this.usage = usage;
        this.room = room;
        this.givesWay = givesWay;
        this.log = log;
        gaveWay = (Long) state.getOrDefault(GAVE_WAY, 0L);
        largestBytes = (Long) state.getOrDefault(LARGEST, direct.limitBytes());
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
            log.warn("Direct memory metrics not registered", "name", NAME, "cause", e);
        }
    }

    /** The limit that is in force now is the first one; what the JVM was started with was for later. */
    synchronized void begin() {
        largestBytes = direct.limitBytes();
    }

    /** Sets the limit as {@link DirectMemory#setLimit} does. */
    synchronized void set(long bytes) {
        direct.setLimit(bytes);
        largestBytes = Math.max(largestBytes, bytes);
    }

    synchronized Map<String, Object> handOver() {
        return Map.of(GAVE_WAY, gaveWay, LARGEST, largestBytes);
    }

    @Override
    public long getLimit() {
        return direct.limitBytes();
    }

    @Override
    public long getUsed() {
        return direct.usedBytes();
    }

    @Override
    public long getGaveWay() {
        return gaveWay;
    }

    @Override
    public synchronized boolean lend(long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("bytes must be above 0: " + bytes);
        }
        long limit = direct.limitBytes();
        if (limit < 0) {
            return false;
        }
        long allowance = givesWay ? room.allowance(bytes, heap.untouchedBytes(usage)) : 0;
        OptionalLong loan = LoanPolicy.loan(bytes, limit, direct.usedBytes(), largestBytes, allowance);
        try {
            if (loan.isEmpty()) {
                log.warn(
                        "Direct memory limit did not give way",
                        "bytes",
                        bytes,
                        "limit",
                        limit,
                        "largest",
                        largestBytes,
                        "allowance",
                        allowance);
            } else if (loan.getAsLong() > 0) {
                direct.setLimit(limit + loan.getAsLong());
                room.spent(loan.getAsLong());
                gaveWay++;
                log.warn(
                        "Direct memory limit gave way",
                        "bytes",
                        loan.getAsLong(),
                        "limit",
                        direct.limitBytes(),
                        "count",
                        gaveWay);
            }
            return loan.isPresent();
        } catch (AgentException e) {
            log.warn("Direct memory limit did not give way", "bytes", bytes, "cause", e.getMessage());
            return false;
        }
    }
}
