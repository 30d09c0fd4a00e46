package io.holdfast.flink.autopartition;

/**
 * Looks at two receivers at random and takes the one that would be done first (Mitzenmacher, "The Power of Two Choices
 * in Randomized Load Balancing", 2001). Its cost does not grow with the number of receivers; how well it balances does
 * depend on how unequal they are.
 */
final class PowerOfTwoChoices implements Choice {

    /** Looks that find nobody eligible, before all are looked at. */
    private static final int LOOKS = 4;

    private final Receivers receivers;
    private final int count;
    private long random;
    private double runnerUpNanos;

    /** Task thread. {@code seed}: any number; different ones for the producers of an edge. */
    PowerOfTwoChoices(Receivers receivers, long seed) {
        this.receivers = receivers;
        count = receivers.count();
        random = (seed + 1) * 0x9E3779B97F4A7C15L | 1; // never 0
    }

    @Override
    public int choose(int bytes, long nowNanos) {
        for (int look = 0; look < LOOKS; look++) {
            int one = any(count);
            int other = (one + 1 + any(count - 1)) % count; // not the same: if it stalls, it must not win
            double delayOfOne = receivers.delayNanos(one, bytes, nowNanos);
            double delayOfOther = receivers.delayNanos(other, bytes, nowNanos);
            if (Math.min(delayOfOne, delayOfOther) < Double.POSITIVE_INFINITY) {
                runnerUpNanos = Math.max(delayOfOne, delayOfOther);
                return delayOfOne <= delayOfOther ? one : other;
            }
        }
        runnerUpNanos = 0;
        for (int i = 0, at = any(count); i < count; i++, at = at + 1 == count ? 0 : at + 1) {
            if (receivers.isEligible(at)) {
                return at;
            }
        }
        return NOBODY;
    }

    @Override
    public double runnerUpNanos() {
        return runnerUpNanos;
    }

    /** Marsaglia's xorshift, scaled by a multiplication. */
    private int any(int below) {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return (int) ((random >>> 32) * below >>> 32);
    }
}
