package io.holdfast.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Judges a job's output to the record: what was lost, repeated or reordered, and for how long output stood still.
 *
 * <p>Every record carries an identity given at its source: the source (or split) and a sequence number that counts
 * without holes. A test feeds each arrival at a sink with {@link #arrived}, says with {@link #expect} what the sources
 * emitted, and asks for the {@link #verdict()}.
 *
 * <p>Arrivals of one key must be fed in the order in which their sink saw them. Keeps some 40 bytes per arrival. Not
 * thread-safe.
 */
public final class RecordLedger {

    /**
     * One record at a sink.
     *
     * @param sequence number within its source, from 0
     * @param key what must keep its order, such as the hash of the record's key
     * @param sinkSubtask index of the sink's subtask; {@code sinkAttempt} counts its restarts
     * @param atMillis wall clock, epoch milliseconds
     */
    public record Arrival(int source, long sequence, int key, int sinkSubtask, int sinkAttempt, long atMillis) {}

    /**
     * What became of the records.
     *
     * @param expected records the sources emitted, by identity
     * @param lost expected, but never arrived
     * @param repeated arrivals of a record that had arrived before
     * @param reordered first arrivals that a later record of the same source and key overtook
     * @param unexpected arrivals that no source emitted; 0 unless the test is wrong
     */
    public record Verdict(long expected, long lost, long repeated, long reordered, long unexpected) {

        public boolean exact() {
            return lost == 0 && repeated == 0 && unexpected == 0;
        }
    }

    /** A stretch without output, from the arrival before it to the arrival after it. Epoch milliseconds. */
    public record Gap(long fromMillis, long toMillis) {

        public long millis() {
            return toMillis - fromMillis;
        }
    }

    private static final int FIRST_CAPACITY = 1024;

    private final Map<Integer, Source> sources = new TreeMap<>();
    private int count;
    private int[] sourceIds = new int[FIRST_CAPACITY];
    private int[] keys = new int[FIRST_CAPACITY];
    private int[] sinks = new int[FIRST_CAPACITY];
    private int[] attempts = new int[FIRST_CAPACITY];
    private long[] sequences = new long[FIRST_CAPACITY];
    private long[] times = new long[FIRST_CAPACITY];

    /** The source emitted the sequence numbers {@code 0..untilExclusive-1}. Without it, up to the highest that arrived. */
    public void expect(int source, long untilExclusive) {
        source(source).expected = OptionalLong.of(untilExclusive);
    }

    public void arrived(Arrival arrival) {
        if (arrival.sequence < 0 || arrival.sequence > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("sequence must be in 0..2^31-1: " + arrival);
        }
        grow();
        sourceIds[count] = arrival.source;
        keys[count] = arrival.key;
        sinks[count] = arrival.sinkSubtask;
        attempts[count] = arrival.sinkAttempt;
        sequences[count] = arrival.sequence;
        times[count] = arrival.atMillis;
        count++;
        source(arrival.source).arrived((int) arrival.sequence, arrival.key);
    }

    /** Number of arrivals fed so far. */
    public int arrivals() {
        return count;
    }

    public Verdict verdict() {
        long expected = 0;
        long lost = 0;
        long repeated = 0;
        long reordered = 0;
        long unexpected = 0;
        for (Source source : sources.values()) {
            long until = source.until();
            long arrivedInRange = source.seen.get(0, (int) until).cardinality();
            expected += until;
            lost += until - arrivedInRange;
            repeated += source.repeated;
            reordered += source.reordered;
            unexpected += source.seen.cardinality() - arrivedInRange;
        }
        return new Verdict(expected, lost, repeated, reordered, unexpected);
    }

    /** The lowest lost sequence numbers of a source, at most {@code limit}: where to look in the logs. */
    public List<Long> lost(int source, int limit) {
        List<Long> lost = new ArrayList<>();
        Source asked = source(source);
        int next = asked.seen.nextClearBit(0);
        while (next < asked.until() && lost.size() < limit) {
            lost.add((long) next);
            next = asked.seen.nextClearBit(next + 1);
        }
        return lost;
    }

    /** The longest gap of the whole output that overlaps the window {@code [fromMillis, toMillis]}. */
    public Gap largestGap(long fromMillis, long toMillis) {
        return largestGap(fromMillis, toMillis, arrival -> true);
    }

    /** The longest gap of one sink subtask's output, all its attempts together. */
    public Gap largestGap(long fromMillis, long toMillis, int sinkSubtask) {
        return largestGap(fromMillis, toMillis, arrival -> arrival.sinkSubtask == sinkSubtask);
    }

    /**
     * The longest gap among the chosen arrivals that overlaps the window. A gap that begins before the window or ends
     * after it counts in full. Without any arrival before the window it begins with the window, and likewise it ends
     * with it.
     */
    public Gap largestGap(long fromMillis, long toMillis, Predicate<Arrival> chosen) {
        long[] chosenTimes = new long[count];
        int size = 0;
        for (int i = 0; i < count; i++) {
            if (chosen.test(arrival(i))) {
                chosenTimes[size++] = times[i];
            }
        }
        Arrays.sort(chosenTimes, 0, size); // subtasks arrive one after the other, each in order
        Gap largest = new Gap(fromMillis, fromMillis);
        long previous = size > 0 && chosenTimes[0] < fromMillis ? chosenTimes[0] : fromMillis;
        for (int i = 0; i < size && previous <= toMillis; i++) {
            if (chosenTimes[i] >= fromMillis) {
                largest = longer(largest, new Gap(previous, chosenTimes[i]));
            }
            previous = Math.max(previous, chosenTimes[i]);
        }
        return previous < toMillis ? longer(largest, new Gap(previous, toMillis)) : largest;
    }

    private Arrival arrival(int index) {
        return new Arrival(
                sourceIds[index], sequences[index], keys[index], sinks[index], attempts[index], times[index]);
    }

    private static Gap longer(Gap one, Gap other) {
        return other.millis() > one.millis() ? other : one;
    }

    private Source source(int id) {
        return sources.computeIfAbsent(id, any -> new Source());
    }

    private void grow() {
        if (count < times.length) {
            return;
        }
        int capacity = count * 2;
        sourceIds = Arrays.copyOf(sourceIds, capacity);
        keys = Arrays.copyOf(keys, capacity);
        sinks = Arrays.copyOf(sinks, capacity);
        attempts = Arrays.copyOf(attempts, capacity);
        sequences = Arrays.copyOf(sequences, capacity);
        times = Arrays.copyOf(times, capacity);
    }

    /** What is known of one source. */
    private static final class Source {
        private final BitSet seen = new BitSet();
        private final Map<Integer, Integer> highestByKey = new HashMap<>();
        private OptionalLong expected = OptionalLong.empty();
        private long repeated;
        private long reordered;

        void arrived(int sequence, int key) {
            if (seen.get(sequence)) {
                repeated++;
                return;
            }
            seen.set(sequence);
            int highest = highestByKey.merge(key, sequence, Math::max);
            if (highest > sequence) {
                reordered++;
            }
        }

        long until() {
            return expected.orElse(seen.length());
        }
    }
}
