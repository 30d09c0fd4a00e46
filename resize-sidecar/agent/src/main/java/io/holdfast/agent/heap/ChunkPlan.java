package io.holdfast.agent.heap;

/**
 * How a balloon is cut into arrays. Each fills whole regions of G1, or a part of the last one would be open to nobody;
 * and 32 MiB at most, for larger ones were seen to find no place. Pure.
 *
 * @param regionBytes the size of G1's regions
 * @param chunkBytes the usual array, header included: a multiple of it
 */
record ChunkPlan(long regionBytes, long chunkBytes) {
    static final long LARGEST = 32L << 20;
    private static final int FEWEST_PER_HEAP = 64;

    /** The largest header that an array of longs has in any layout of objects. */
    private static final int HEADER_BYTES = 24;

    static ChunkPlan of(long maxHeapBytes, long regionBytes) {
        long wanted = Math.min(LARGEST, maxHeapBytes / FEWEST_PER_HEAP);
        return new ChunkPlan(regionBytes, Math.max(1, wanted / regionBytes) * regionBytes);
    }

    /**
     * Returns the array to begin with. One of a single region finds its place wherever there is room at all.
     *
     * @param missesAreHarmless whether nothing comes of it if a larger one finds none
     */
    long firstChunkBytes(boolean missesAreHarmless) {
        return missesAreHarmless ? chunkBytes : regionBytes;
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
