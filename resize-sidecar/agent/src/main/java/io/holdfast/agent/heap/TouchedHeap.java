package io.holdfast.agent.heap;

/**
 * How much of the heap has memory behind it: what was used at its fullest, as far as the JVM still has it. A lower bound,
 * for what is not known to be touched must be expected to be. Pure; one thread at a time.
 */
final class TouchedHeap {
    private long fullestBytes;
    private long balloonSeen;

    /** Notes what was in use before a collection, without the balloon. */
    void saw(long usedBytes) {
        fullestBytes = Math.max(fullestBytes, usedBytes);
    }

    /**
     * Returns what the heap below the ceiling may yet take, in bytes.
     *
     * @param usedBytes now, without the balloon
     * @param committedBytes now, without the balloon
     */
    long untouched(long usedBytes, long committedBytes, long balloonBytes, long ceilingBytes) {
        if (balloonBytes > balloonSeen) {
            fullestBytes = 0; // it took regions from the application, touched ones maybe
        }
        balloonSeen = balloonBytes;
        fullestBytes = Math.min(committedBytes, Math.max(fullestBytes, usedBytes)); // what is given back is untouched
        return Math.max(0, ceilingBytes - fullestBytes);
    }
}
