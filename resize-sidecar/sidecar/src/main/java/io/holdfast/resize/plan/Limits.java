package io.holdfast.resize.plan;

/** When two limits are one. */
final class Limits {
    /** Kernels round to pages, and some to larger ones. */
    private static final long ROUNDING_BYTES = 64 * 1024;

    private Limits() {}

    static boolean same(long one, long other) {
        return Math.abs(one - other) < ROUNDING_BYTES;
    }
}
