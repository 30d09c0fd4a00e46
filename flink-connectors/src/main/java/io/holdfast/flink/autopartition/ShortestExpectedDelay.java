package io.holdfast.flink.autopartition;

/**
 * Looks at all receivers and takes the one that would be done first. Those that would be done hardly later are kept on a
 * short list, in rotation, and take the next turns: so equals are treated as equals, and one look serves several turns.
 */
final class ShortestExpectedDelay implements Choice {

    /** Delays within this factor, and this time, of the shortest are as good. */
    private static final double AS_GOOD_FACTOR = 1.25;

    private static final double AS_GOOD_NANOS = 50_000;

    private static final int LONGEST_LIST = 16;

    /** A look is outdated after this time. */
    private static final long LOOK_NANOS = 1_000_000;

    private final Receivers receivers;
    private final double[] delays;
    private final int[] list = new int[LONGEST_LIST];
    private int listed;
    private int next;
    private int turn;
    private long lookedAt;

    /** Task thread. {@code turn}: with whom the first rotation begins. */
    ShortestExpectedDelay(Receivers receivers, int turn) {
        this.receivers = receivers;
        this.turn = turn % receivers.count();
        delays = new double[receivers.count()];
    }

    @Override
    public int choose(int bytes, long nowNanos) {
        if (nowNanos - lookedAt > LOOK_NANOS) {
            listed = 0;
        }
        while (next < listed) {
            int receiver = list[next++];
            if (receivers.isEligible(receiver)) {
                return take(receiver);
            }
        }
        look(bytes, nowNanos);
        return listed == 0 ? NOBODY : take(list[next++]);
    }

    private int take(int receiver) {
        turn = receiver + 1 == delays.length ? 0 : receiver + 1;
        return receiver;
    }

    private void look(int bytes, long nowNanos) {
        int count = delays.length;
        double shortest = Double.POSITIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            double delay = receivers.delayNanos(i, bytes, nowNanos);
            delays[i] = delay;
            shortest = Math.min(shortest, delay);
        }
        listed = 0;
        next = 0;
        lookedAt = nowNanos;
        if (shortest == Double.POSITIVE_INFINITY) {
            return;
        }
        double limit = shortest * AS_GOOD_FACTOR + AS_GOOD_NANOS;
        for (int i = 0, at = turn; i < count && listed < LONGEST_LIST; i++) {
            if (delays[at] <= limit) {
                list[listed++] = at;
            }
            at = at + 1 == count ? 0 : at + 1;
        }
    }
}
