package io.holdfast.agent.heap;

/**
 * How a balloon is cut. Its arrays take a region of G1 each: a part of one would be open to nobody, and more need a place
 * in one piece, for want of which the collector takes of the balloon, or the JVM acts on an {@code OutOfMemoryError},
 * while there is room enough. Pure.
 *
 * @param regionBytes the size of G1's regions
 * @param pieceBytes what is made or let go of at a time: a multiple of it
 */
record ChunkPlan(long regionBytes, long pieceBytes) {
    static final long LARGEST = 32L << 20;
    private static final int FEWEST_PER_HEAP = 64;

    /** The largest header that an array of longs has in any layout of objects. */
    private static final int HEADER_BYTES = 24;

    static ChunkPlan of(long maxHeapBytes, long regionBytes) {
        long wanted = Math.min(LARGEST, maxHeapBytes / FEWEST_PER_HEAP);
        return new ChunkPlan(regionBytes, Math.max(1, wanted / regionBytes) * regionBytes);
    }

    /** Returns the balloon that leaves {@code ceilingBytes} of a heap, or less by a part of a region. */
    long balloonFor(long maxHeapBytes, long ceilingBytes) {
        return (maxHeapBytes - ceilingBytes + regionBytes - 1) / regionBytes * regionBytes;
    }

    /** Returns the length of the array that takes {@code bytes}. */
    static int elements(long bytes) {
        return Math.toIntExact((bytes - HEADER_BYTES) / Long.BYTES);
    }
}
