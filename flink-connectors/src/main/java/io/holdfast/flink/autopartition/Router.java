package io.holdfast.flink.autopartition;

import java.util.function.LongSupplier;

/**
 * Says which receiver gets a record. A decision stands for a quantum: as many bytes as fit into the open buffer, but no
 * more than make the receiver's delay an eighth longer, within 0.5 and 5 ms, and at least one record; and for {@value
 * #DECISION_NANOS} ns, so that at low rates every record is decided anew. So slow receivers get single records and fast
 * ones whole buffers, and what a decision costs is shared by the records of its quantum.
 *
 * <p>A receiver that got nothing for {@value #FORGOTTEN_NANOS} ns gets one record, whatever is expected of it: only so
 * can it show that it has recovered.
 *
 * <p>Task thread only. No allocation and no lock. The clock is read once per decision, and before that when the records
 * of {@value #CLOCK_NANOS} ns have passed at the pace of the last ones, at most {@value #CLOCK_RECORDS}.
 */
public final class Router {

    private static final double QUANTUM_OF_DELAY = 1 / 8.0;
    private static final double SHORTEST_QUANTUM_NANOS = 500_000;
    private static final double LONGEST_QUANTUM_NANOS = 5_000_000;
    private static final long DECISION_NANOS = 1_000_000;
    private static final long FORGOTTEN_NANOS = 2_000_000_000L;

    private static final long CLOCK_NANOS = 250_000;
    private static final int CLOCK_RECORDS = 64;

    /** Quantum as long as nobody's rate is known, in bytes. */
    private static final long FIRST_QUANTUM_BYTES = 1024;

    /** Records from one that is sent to try a receiver to the next. */
    private static final int RECORDS_BETWEEN_TRIES = 16;

    private final Receivers receivers;
    private final Choice choice;
    private final LongSupplier clock;

    private int chosen;
    private long quantumBytes;
    private long decidedAt;
    private int clockIn;
    private int clockRecords = 1;
    private long clockReadAt;
    private int candidate;
    private int recordsSinceTry;
    private boolean started;

    /** Task thread. {@code nanoClock}: as {@link System#nanoTime()}. */
    Router(Receivers receivers, Choice choice, LongSupplier nanoClock) {
        this.receivers = receivers;
        this.choice = choice;
        this.clock = nanoClock;
    }

    /** Task thread. {@code producer}: number of the producing subtask, so that not all begin with the same receiver. */
    public static Router shortestExpectedDelay(Receivers receivers, int producer) {
        return new Router(receivers, new ShortestExpectedDelay(receivers, producer), System::nanoTime);
    }

    /** Task thread. As above. */
    public static Router powerOfTwoChoices(Receivers receivers, int producer) {
        return new Router(receivers, new PowerOfTwoChoices(receivers, producer), System::nanoTime);
    }

    /**
     * Task thread. Who gets a record of {@code bytes} bytes, length prefix included; it counts as sent.
     *
     * @param given who gets it if nobody may get anything
     */
    public int route(int bytes, int given) {
        quantumBytes -= bytes;
        if (quantumBytes < 0 || --clockIn <= 0 || !receivers.isEligible(chosen)) {
            decide(bytes, given);
        }
        receivers.sentRecord(chosen, bytes);
        return chosen;
    }

    private void decide(int bytes, int given) {
        long now = clock.getAsLong();
        if (!started) {
            started = true;
            decidedAt = now - DECISION_NANOS;
            clockReadAt = now - CLOCK_NANOS;
            receivers.allChosen(now);
        }
        int records = Math.max(1, clockRecords - Math.max(0, clockIn));
        pace(now, records);
        recordsSinceTry += records;
        boolean stands = quantumBytes >= 0 && now - decidedAt < DECISION_NANOS && receivers.isEligible(chosen);
        if (stands) {
            return;
        }
        decidedAt = now;
        if (isTry(now)) {
            chosen = candidate;
            recordsSinceTry = 0;
            quantumBytes = 0;
        } else {
            int best = choice.choose(bytes, now);
            chosen = best == Choice.NOBODY ? given : best;
            quantumBytes = best == Choice.NOBODY ? 0 : quantum(chosen, bytes, now) - bytes;
        }
        receivers.chosen(chosen, now);
    }

    /** When the clock is looked at next. */
    private void pace(long now, int records) {
        long nanosPerRecord = Math.max(1, (now - clockReadAt) / records);
        clockReadAt = now;
        clockRecords = (int) Math.max(1, Math.min(CLOCK_RECORDS, CLOCK_NANOS / nanosPerRecord));
        clockIn = clockRecords;
    }

    /** Looks at one receiver per decision, which in time are all. */
    private boolean isTry(long now) {
        candidate = candidate + 1 == receivers.count() ? 0 : candidate + 1;
        return recordsSinceTry >= RECORDS_BETWEEN_TRIES && receivers.isForgotten(candidate, now, FORGOTTEN_NANOS);
    }

    private long quantum(int receiver, int recordBytes, long now) {
        double delay = receivers.delayNanos(receiver, recordBytes, now);
        double nanos = Math.max(delay * QUANTUM_OF_DELAY, choice.runnerUpNanos() - delay);
        nanos = Math.max(SHORTEST_QUANTUM_NANOS, Math.min(LONGEST_QUANTUM_NANOS, nanos));
        long bytes = receivers.bytesIn(receiver, nanos);
        return Math.min(receivers.openBufferBytes(receiver), bytes < 0 ? FIRST_QUANTUM_BYTES : bytes);
    }
}
