package io.holdfast.agent.heap;

/**
 * Decides how much of a balloon may give way: an application that needs memory which its cgroup still allows must not
 * fail for the balloon's sake; and one that would be killed for it must not get it. Pure, all in bytes.
 */
final class GiveWayPolicy {
    /**
     * What may be taken between two looks by others than the heap, as a part of the limit. The heap itself needs none
     * of it: what it fills below the ceiling is subtracted as untouched before, and is no more untouched after.
     */
    private static final int MARGIN_PART = 20;

    /** What a JVM that is small takes as well: compilers at work, and the stacks of a full collection's marking. */
    private static final long LEAST_MARGIN = 32L << 20;

    /** A 64th of the heap for the collector's bitmap, should it never have marked before, is below it up to 32 GiB. */
    private static final long MOST_MARGIN = 512L << 20;

    private static final long MACHINE_MARGIN = 128L << 20;

    /** What the collector's own tables take for heap that is used for the first time, as a part of it. */
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
            free = Math.min(free, room(cgroupFreeBytes - margin, untouchedBytes));
        }
        if (machineFreeBytes >= 0) {
            free = Math.min(free, room(machineFreeBytes - MACHINE_MARGIN, untouchedBytes));
        }
        return Math.max(0, free);
    }

    /** Returns for how much more heap, with its tables, there is room beside what is untouched, with its. */
    private static long room(long freeBytes, long untouchedBytes) {
        return freeBytes - freeBytes / TABLES_PART - untouchedBytes;
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
