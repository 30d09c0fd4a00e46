package io.holdfast.flink.autopartition;

/**
 * Learns how fast a gate's task consumes what it is handed: time from a buffer's hand-over until the task comes for the
 * next, per byte. Waiting for input does not count, waiting for room downstream does.
 *
 * <p>A moving average of the logarithm, so that ten times slower and ten times faster are equally quick to learn, with
 * a half-life of 0.5 s of service. After idleness, what was learnt before it gives way: quickly to a sample that differs
 * by more than a factor of two, slowly to others, which are the usual scatter. One buffer counts for 0.1 s at most, so
 * that a single stall is not taken for a slow receiver.
 *
 * <p>Written by the task thread; the code may be read by any. Happens-before: {@code code} is volatile and stands for
 * itself; what it was made of is the task thread's alone.
 */
final class ServiceRate {

    private static final double HALF_LIFE_NANOS = 500_000_000;
    private static final double IDLE_HALF_LIFE_NANOS = 4_000_000_000.0;
    private static final double LN_2 = Math.log(2);
    private static final long LONGEST_SERVICE_NANOS = 100_000_000;

    /** Service of this time is one sample, or that of one buffer if it takes longer. */
    private static final long SAMPLE_NANOS = 5_000_000;

    private long sampleBytes;
    private long sampleBusyNanos;
    private long sampledAt;
    private double logNanosPerByte;
    private volatile int code = ConsumptionWord.UNKNOWN;

    /** Any thread. As in a {@link ConsumptionWord}. */
    int code() {
        return code;
    }

    /** Task thread. {@code bytes} of records took {@code busyNanos}, until {@code nowNanos}. */
    void served(long bytes, long busyNanos, long nowNanos) {
        sampleBytes += bytes;
        sampleBusyNanos += busyNanos;
        boolean first = code == ConsumptionWord.UNKNOWN;
        if (!first && sampleBusyNanos < SAMPLE_NANOS && nowNanos - sampledAt < 4 * SAMPLE_NANOS) {
            return;
        }
        double sample = Math.log((double) Math.max(1, sampleBusyNanos) / sampleBytes);
        if (first) {
            logNanosPerByte = sample;
        } else {
            long idleNanos = Math.max(0, nowNanos - sampledAt - sampleBusyNanos);
            double difference = sample - logNanosPerByte;
            double idleHalfLife = Math.abs(difference) > LN_2 ? HALF_LIFE_NANOS : IDLE_HALF_LIFE_NANOS;
            double halfLives =
                    idleNanos / idleHalfLife + Math.min(sampleBusyNanos, LONGEST_SERVICE_NANOS) / HALF_LIFE_NANOS;
            logNanosPerByte += (1 - Math.pow(0.5, halfLives)) * difference;
        }
        code = ConsumptionWord.rateCodeOf(Math.exp(logNanosPerByte));
        sampledAt = nowNanos;
        sampleBytes = 0;
        sampleBusyNanos = 0;
    }
}
