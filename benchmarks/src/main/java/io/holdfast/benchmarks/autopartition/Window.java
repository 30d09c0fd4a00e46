package io.holdfast.benchmarks.autopartition;

/**
 * A time of load. Times are of {@link System#nanoTime()}, which on Linux all processes of a machine share
 * ({@code CLOCK_MONOTONIC}).
 *
 * @param number from 1 on; each of a run has another
 * @param originNanos when the first record is due
 * @param measureFromNanos what is served before is not measured: queues fill, rates are learnt
 * @param measureUntilNanos when the measurement ends
 * @param recordsPerSecond that are offered, whatever becomes of them; {@link #SATURATED} for as many as go through
 * @param seed of its stalls
 */
public record Window(
        long number,
        long originNanos,
        long measureFromNanos,
        long measureUntilNanos,
        double recordsPerSecond,
        long seed) {

    public static final double SATURATED = 0;

    public long measuredNanos() {
        return measureUntilNanos - measureFromNanos;
    }

    boolean isMeasured(long nanos) {
        return nanos - measureFromNanos >= 0 && nanos - measureUntilNanos < 0;
    }
}
