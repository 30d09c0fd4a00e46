package io.holdfast.agent.os;

/**
 * What a memory cgroup says, in bytes.
 *
 * @param readable whether it said it; if not, nothing follows from the rest
 * @param limitBytes -1 if there is none, or it is not known
 * @param usageBytes page cache included; -1 if not known
 * @param reclaimableBytes the part of it that the kernel takes back before it kills: pages of files
 */
public record CgroupMemory(boolean readable, long limitBytes, long usageBytes, long reclaimableBytes) {
    /** For {@code limitBytes}. */
    public static final long UNLIMITED = -1;

    /** Where there is no memory cgroup, or none that can be seen. */
    static final CgroupMemory NONE = new CgroupMemory(true, UNLIMITED, -1, 0);

    /** Where there may be one, and reading failed: for want of file descriptors, for instance. */
    static final CgroupMemory UNREADABLE = new CgroupMemory(false, UNLIMITED, -1, 0);

    public boolean limited() {
        return limitBytes != UNLIMITED;
    }

    /** Returns what can still be taken until somebody is killed for it. Meaningful for a limited one only. */
    public long freeBytes() {
        return limitBytes - usageBytes + Math.min(usageBytes, reclaimableBytes);
    }
}
