package io.holdfast.agent.heap;

/** Decides which ceilings an application can live under. Pure. */
final class FeasibilityPolicy {
    /** Live data may fill this much of the heap: beyond it the collector does little else. */
    private static final double FULLEST_RATIO = 0.85;

    /** No ceiling is lower. */
    private static final long SMALLEST_BYTES = 32L << 20;

    /** What an inflating balloon leaves to the application, beyond what it uses, as a part of the ceiling. */
    private static final double RESERVE_RATIO = 0.05;

    private FeasibilityPolicy() {}

    /**
     * Returns the smallest ceiling for that much live data.
     *
     * @param granuleBytes ceilings are multiples of it
     */
    static long floor(long liveBytes, long granuleBytes) {
        long needed = Math.max(SMALLEST_BYTES, (long) Math.ceil(liveBytes / FULLEST_RATIO));
        return (needed + granuleBytes - 1) / granuleBytes * granuleBytes;
    }

    /** Returns whether that much, garbage included, fits without a collection. */
    static boolean fits(long usedBytes, long ceilingBytes) {
        return usedBytes <= ceilingBytes * FULLEST_RATIO;
    }

    /** Returns whether the heap can give away {@code chunkBytes} with the application not near its end. */
    static boolean leavesReserve(long maxBytes, long balloonBytes, long chunkBytes, long usedBytes, long ceilingBytes) {
        return maxBytes - balloonBytes - chunkBytes - usedBytes >= (long) (ceilingBytes * RESERVE_RATIO);
    }
}
