package io.holdfast.flink.autopartition;

/**
 * Looks at all receivers and takes the one that would be done first; of more than {@value #LOOKED_AT} at so many at a
 * time, in rotation, so that a decision costs no more with more of them. Those that would be done hardly later are kept
 * on a short list and take the next turns: so equals are treated as equals, and one look serves several turns.
 */
final class ShortestExpectedDelay implements Choice {

    /** Delays within this factor, and this time, of the shortest are as good. */
    private static final double AS_GOOD_FACTOR = 1.25;

    private static final double AS_GOOD_NANOS = 50_000;

    private static final int LOOKED_AT = 16;

    /** A look is outdated after this time. */
    private static final long LOOK_NANOS = 1_000_000;

    private final Receivers receivers;
    private final int count;
    private final double[] delays = new double[LOOKED_AT];
    private final int[] list = new int[LOOKED_AT];
    private int listed;
    private int next;
    private int turn;
    private long lookedAt;

    /** Task thread. {@code turn}: with whom the first rotation begins. */
    ShortestExpectedDelay(Receivers receivers, int turn) {
        this.receivers = receivers;
        this.turn = turn % receivers.count();
        count = receivers.count();
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
        turn = after(receiver);
        return receiver;
    }

    private int after(int receiver) {
        return receiver + 1 == count ? 0 : receiver + 1;
    }

    private void look(int bytes, long nowNanos) {
        listed = 0;
        next = 0;
        lookedAt = nowNanos;
        int from = turn;
        for (int rest = count; rest > 0 && listed == 0; rest -= LOOKED_AT) {
            from = look(from, Math.min(rest, LOOKED_AT), bytes, nowNanos);
        }
    }

    /** Looks at {@code some} receivers, and returns who comes after them. */
    private int look(int from, int some, int bytes, long nowNanos) {
        double shortest = Double.POSITIVE_INFINITY;
        int at = from;
        for (int i = 0; i < some; i++) {
            double delay = receivers.delayNanos(at, bytes, nowNanos);
            delays[i] = delay;
            shortest = Math.min(shortest, delay);
            at = after(at);
        }
        if (shortest == Double.POSITIVE_INFINITY) {
            return at;
        }
        double limit = shortest * AS_GOOD_FACTOR + AS_GOOD_NANOS;
        int receiver = from;
        for (int i = 0; i < some; i++) {
            if (delays[i] <= limit) {
                list[listed++] = receiver;
            }
            receiver = after(receiver);
        }
        return at;
    }
}
