package io.holdfast.agent.heap;

/**
 * Decides how much of a balloon may give way: an application that needs memory which its cgroup still allows must not
 * fail for the balloon's sake; and one that would be killed for it must not get it. Pure, all in bytes.
 */
final class GiveWayPolicy {
    /** What may be taken between two looks by others than the heap, as a part of the limit. */
    private static final int MARGIN_PART = 20;

    private static final long LEAST_MARGIN = 16L << 20;
    private static final long MOST_MARGIN = 128L << 20;

    /** What the collector's own tables take for heap that is used, as a part of it. */
    private static final int TABLES_PART = 20;

    /**
     * Below this, soft references may be cleared long before memory is short: too early for a balloon, where the JDK
     * does not let them be postponed.
     */
    private static final long LEAST_MILLIS_PER_MB = 200;

    private static final int IN_A_ROW = 3;
    private static final double FULL_RATIO = 0.95;
    private static final int STEP_PART = 10;

    private GiveWayPolicy() {}

    /**
     * Returns how much of the balloon the cgroup and the machine could take over, at most all of it.
     *
     * @param limitBytes of the cgroup; -1 if it has none
     * @param cgroupFreeBytes what the cgroup can still take, page cache that can be dropped included
     * @param machineFreeBytes what the machine can still give; -1 if unknown
     * @param untouchedBytes what the heap below the ceiling will yet take, and has not so far
     */
    static long allowance(
            long balloonBytes, long limitBytes, long cgroupFreeBytes, long machineFreeBytes, long untouchedBytes) {
        long free = balloonBytes;
        if (limitBytes >= 0) {
            long margin = Math.max(LEAST_MARGIN, Math.min(MOST_MARGIN, limitBytes / MARGIN_PART));
            free = Math.min(free, withoutTables(cgroupFreeBytes - untouchedBytes - margin));
        }
        if (machineFreeBytes >= 0) {
            free = Math.min(free, withoutTables(machineFreeBytes - untouchedBytes - MOST_MARGIN));
        }
        return Math.max(0, free);
    }

    private static long withoutTables(long bytes) {
        return bytes - bytes / TABLES_PART;
    }

    /** Returns whether the collector can be trusted to clear soft references in the last moment only. */
    static boolean collectorMayTake(long softRefLruPolicyMillisPerMb) {
        return softRefLruPolicyMillisPerMb >= LEAST_MILLIS_PER_MB;
    }

    /** Returns whether a collection left so much that the application is near its end. */
    static boolean full(long usedAfterBytes, long ceilingBytes) {
        return usedAfterBytes > ceilingBytes * FULL_RATIO;
    }

    /**
     * Returns by how much to raise the ceiling; 0 for not yet.
     *
     * @param inARow collections that left the heap full, since the last that did not
     * @param complete whether one of them collected all garbage: others may leave it full of garbage
     */
    static long step(int inARow, boolean complete, long ceilingBytes, long chunkBytes, long allowanceBytes) {
        if (inARow < IN_A_ROW || !complete) {
            return 0;
        }
        return Math.min(allowanceBytes, Math.max(chunkBytes, ceilingBytes / STEP_PART));
    }
}
