package io.holdfast.benchmarks;

import io.holdfast.benchmarks.job.Arrival;
import io.holdfast.benchmarks.job.ArrivalFiles;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * How long a job's output stood still. Times are wall clock at the sinks, epoch milliseconds; what lost attempts of a
 * sink received counts as output, for it had arrived.
 */
final class Silence {

    private final List<Arrival> arrivals;

    Silence(ArrivalFiles.Output output) {
        arrivals = new ArrayList<>(output.counted());
        arrivals.addAll(output.uncounted());
        arrivals.sort(Comparator.comparingLong(Arrival::atMillis));
    }

    /**
     * From the last output of the attempt of a map subtask that ran at {@code strikeMillis} to the first of a later
     * one: detection, restart and the way of the first record to a sink, all in one. Empty if no later one sent
     * anything until {@code untilMillis}.
     */
    OptionalLong betweenAttempts(int mapSubtask, long strikeMillis, long untilMillis) {
        int lost = -1;
        long last = strikeMillis;
        for (Arrival arrival : arrivals) {
            if (arrival.mapSubtask() != mapSubtask) {
                continue;
            }
            if (arrival.atMillis() <= strikeMillis) {
                lost = Math.max(lost, arrival.mapAttempt());
            }
            if (arrival.mapAttempt() <= lost) {
                last = arrival.atMillis();
            } else if (arrival.atMillis() > strikeMillis) {
                return arrival.atMillis() <= untilMillis
                        ? OptionalLong.of(arrival.atMillis() - last)
                        : OptionalLong.empty();
            }
        }
        return OptionalLong.empty();
    }

    /** The longest silence of one map subtask; what it has before and after the window does not count. */
    long ofMap(int mapSubtask, long fromMillis, long untilMillis) {
        return longest(arrival -> arrival.mapSubtask() == mapSubtask, fromMillis, untilMillis);
    }

    /** The longest silence of the whole job; what it has before and after the window does not count. */
    long ofAll(long fromMillis, long untilMillis) {
        return longest(arrival -> true, fromMillis, untilMillis);
    }

    private long longest(Predicate<Arrival> chosen, long fromMillis, long untilMillis) {
        long previous = fromMillis;
        long longest = 0;
        for (Arrival arrival : arrivals) {
            if (arrival.atMillis() > untilMillis) {
                break;
            }
            if (arrival.atMillis() > fromMillis && chosen.test(arrival)) {
                longest = Math.max(longest, arrival.atMillis() - previous);
                previous = arrival.atMillis();
            }
        }
        return Math.max(longest, untilMillis - previous);
    }
}
