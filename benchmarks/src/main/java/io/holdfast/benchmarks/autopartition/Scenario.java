package io.holdfast.benchmarks.autopartition;

import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Receivers, and what is wrong with them.
 *
 * @param name as in the keys of figures
 * @param slowness of each receiver: how many times {@link #SERVICE_NANOS} it takes for a record
 * @param stalls whether one of them does nothing for a while now and then
 */
public record Scenario(String name, List<Double> slowness, boolean stalls) {

    /** What a healthy receiver takes for a record. */
    public static final long SERVICE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    public static final Scenario UNIFORM = new Scenario("uniform", Collections.nCopies(8, 1.0), false);
    public static final Scenario ONE_SLOW = new Scenario("one_slow", healthyAnd(7, 10), false);
    /** 30 % of them, five to ten times slower. */
    public static final Scenario SLOW_30 = new Scenario("slow30", healthyAnd(7, 5, 7.5, 10), false);

    public static final Scenario STALL = new Scenario("stall", Collections.nCopies(8, 1.0), true);

    public static final List<Scenario> ALL = List.of(UNIFORM, ONE_SLOW, SLOW_30, STALL);

    private static List<Double> healthyAnd(int healthy, double... slow) {
        return Stream.concat(
                        Collections.nCopies(healthy, 1.0).stream(),
                        DoubleStream.of(slow).boxed())
                .toList();
    }

    public int receivers() {
        return slowness.size();
    }

    long serviceNanos(int receiver) {
        return Math.round(slowness.get(receiver) * SERVICE_NANOS);
    }

    /** Records a second that all receivers serve alone, each always with something to do and none stalled. */
    public double boundPerSecond() {
        return slowness.stream()
                .mapToDouble(times -> TimeUnit.SECONDS.toNanos(1) / (times * SERVICE_NANOS))
                .sum();
    }

    /** The same in {@code window}: a receiver serves nothing while it is stalled. */
    public double boundPerSecond(Window window) {
        double all = (double) window.measuredNanos() * receivers();
        return boundPerSecond() * (1 - stalls(window).totalNanos() / all);
    }

    Stalls stalls(Window window) {
        return stalls ? Stalls.in(window, receivers()) : Stalls.NONE;
    }
}
