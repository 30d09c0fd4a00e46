package io.holdfast.agent.heap;

import io.holdfast.agent.os.Cgroup;
import io.holdfast.agent.os.CgroupMemory;
import io.holdfast.agent.os.ProcessMemory;

/** How much more memory this process may take before its cgroup, or the machine, is out of it. */
public final class MemoryRoom {
    private final ProcessMemory process;

    public MemoryRoom(ProcessMemory process) {
        this.process = process;
    }

    /**
     * Returns how much of the balloon, or of what somebody else wants, could be taken over, in bytes.
     *
     * @param untouchedBytes what the heap below the ceiling may yet take, and has not so far
     */
    public long allowance(long balloonBytes, long untouchedBytes) {
        CgroupMemory cgroup = Cgroup.own().memory();
        return GiveWayPolicy.allowance(
                balloonBytes, cgroup.limitBytes(), cgroup.freeBytes(), process.machineAvailableBytes(), untouchedBytes);
    }
}
