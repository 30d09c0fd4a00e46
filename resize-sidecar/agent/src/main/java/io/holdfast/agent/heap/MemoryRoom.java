package io.holdfast.agent.heap;

import io.holdfast.agent.os.Cgroup;
import io.holdfast.agent.os.CgroupMemory;
import io.holdfast.agent.os.ProcessMemory;
import java.util.function.Supplier;

/** How much more memory this process may take before its cgroup, or the machine, is out of it. */
public final class MemoryRoom {
    private final ProcessMemory process;
    private final Supplier<CgroupMemory> cgroup;
    private long lastBytes;

    public MemoryRoom(ProcessMemory process) {
        this(process, () -> Cgroup.own().memory());
    }

    MemoryRoom(ProcessMemory process, Supplier<CgroupMemory> cgroup) {
        this.process = process;
        this.cgroup = cgroup;
    }

    /** Notes that so much was taken over: it is not there twice, even where the cgroup cannot be read. */
    public synchronized void spent(long bytes) {
        lastBytes = Math.max(0, lastBytes - bytes);
    }

    /**
     * Returns how much of the balloon, or of what somebody else wants, could be taken over, in bytes. What it was last,
     * and nothing at the beginning, where the cgroup cannot be read: it may have a limit.
     *
     * @param untouchedBytes what the heap below the ceiling may yet take, and has not so far
     */
    public synchronized long allowance(long balloonBytes, long untouchedBytes) {
        CgroupMemory now = cgroup.get();
        if (now.readable()) {
            lastBytes = GiveWayPolicy.allowance(
                    balloonBytes, now.limitBytes(), now.freeBytes(), process.machineAvailableBytes(), untouchedBytes);
        }
        return Math.min(balloonBytes, lastBytes);
    }
}
