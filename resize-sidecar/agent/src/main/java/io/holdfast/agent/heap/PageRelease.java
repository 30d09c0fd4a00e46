package io.holdfast.agent.heap;

/** Gives memory back to the kernel that lies under an array of zeros; it still reads as zeros. */
interface PageRelease {
    /** Returns how it is done: {@code ffm} or {@code jni}. */
    String name();

    /**
     * Gives back the whole pages inside an array.
     *
     * @param zeros an array that is all zero, and begins where a region of G1 does
     * @param bytes its size, header included
     * @return what was given back, in bytes; negative if the kernel refused
     */
    long release(long[] zeros, long bytes);

    /** Returns the size of a page, or a multiple of it where it may vary. */
    static long pageBytes() {
        return System.getProperty("os.arch").equals("amd64") ? 4 << 10 : 64 << 10;
    }
}
