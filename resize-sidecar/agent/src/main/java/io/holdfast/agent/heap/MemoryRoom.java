package io.holdfast.agent.heap;

import io.holdfast.agent.os.Cgroup;
import io.holdfast.agent.os.CgroupMemory;
import io.holdfast.agent.os.ProcessMemory;
import java.lang.management.ManagementFactory;

/** How much more memory this process may take before its cgroup, or the machine, is out of it. */
public final class MemoryRoom {
    private final ProcessMemory process;

    public MemoryRoom(ProcessMemory process) {
        this.process = process;
    }

    /**
     * Returns how much of the balloon could be taken over, in bytes.
     *
     * @param ceilingBytes of the heap
     * @param committedBytes of the heap, without the balloon
     */
    long allowance(long balloonBytes, long ceilingBytes, long committedBytes) {
        CgroupMemory cgroup = Cgroup.own().memory();
        long anonymous = process.residentAnonymousBytes();
        long others =
                ManagementFactory.getMemoryMXBean().getNonHeapMemoryUsage().getUsed();
        long touched = anonymous < 0 ? committedBytes : Math.max(0, Math.min(committedBytes, anonymous - others));
        return GiveWayPolicy.allowance(
                balloonBytes,
                cgroup.limitBytes(),
                cgroup.freeBytes(),
                process.machineAvailableBytes(),
                Math.max(0, ceilingBytes - touched));
    }
}
