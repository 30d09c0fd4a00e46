package io.holdfast.benchmarks.autopartition;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * When receivers stall: the first soon after the measurement begins, then one about every two and a half seconds, each over a second
 * before it ends, so that what waited for it is measured too. Whoever knows the window knows its stalls.
 */
record Stalls(List<Stall> stalls) {

    static final Stalls NONE = new Stalls(List.of());
    static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final long FIRST_WITHIN_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long SHORTEST_GAP_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long LONGEST_GAP_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final long REST_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Of one receiver; times of {@link System#nanoTime()}. */
    record Stall(int receiver, long fromNanos, long untilNanos) {}

    static Stalls in(Window window, int receivers) {
        Random random = new Random(window.seed());
        List<Stall> stalls = new ArrayList<>();
        long from = window.measureFromNanos() + between(random, 0, FIRST_WITHIN_NANOS);
        while (window.measureUntilNanos() - from >= STALL_NANOS + REST_NANOS) {
            stalls.add(new Stall(random.nextInt(receivers), from, from + STALL_NANOS));
            from += between(random, SHORTEST_GAP_NANOS, LONGEST_GAP_NANOS);
        }
        return new Stalls(List.copyOf(stalls));
    }

    private static long between(Random random, long least, long most) {
        return least + (long) (random.nextDouble() * (most - least));
    }

    /** When the stall ends that {@code receiver} is in; {@code nowNanos} if it is in none. */
    long endNanos(int receiver, long nowNanos) {
        for (Stall stall : stalls) {
            if (stall.receiver == receiver && nowNanos - stall.fromNanos >= 0 && nowNanos - stall.untilNanos < 0) {
                return stall.untilNanos;
            }
        }
        return nowNanos;
    }

    double totalNanos() {
        return (double) stalls.size() * STALL_NANOS;
    }
}
