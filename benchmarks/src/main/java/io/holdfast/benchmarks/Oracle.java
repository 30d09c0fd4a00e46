package io.holdfast.benchmarks;

import io.holdfast.benchmarks.job.Arrival;
import io.holdfast.benchmarks.job.ArrivalFiles;
import io.holdfast.benchmarks.job.Numbered;
import io.holdfast.testing.RecordLedger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Says from a job's output alone what became of its records, for Holdfast's ledger to be compared with.
 *
 * <p>What is lost and what is repeated is judged by the output that <em>counts</em>: of a transactional sink what is
 * committed, of another what its checkpoints know of. What a sink's lost attempt wrote since its last checkpoint is
 * outside: the ledger, which knows of states and not of files, calls it lost.
 *
 * <p>The state of the map is read from its last words: each record carries the number of records that the state of its
 * key had seen. The sum over the keys is what has come into the state's own line of checkpoints, so the difference to
 * what the sources sent is the net loss between source and map.
 */
public final class Oracle {

    private final Map<Integer, Long> sent;
    private final int keys;

    /** The sources emitted the numbers {@code 0..recordsPerSplit-1} of each split, spread over {@code keys} keys. */
    public Oracle(int splits, long recordsPerSplit, int keys) {
        this(
                IntStream.range(0, splits)
                        .boxed()
                        .collect(Collectors.toMap(Function.identity(), split -> recordsPerSplit)),
                keys);
    }

    /** The sources emitted as many numbers of each split as {@code sent} says, from 0, spread over {@code keys} keys. */
    public Oracle(Map<Integer, Long> sent, int keys) {
        this.sent = new TreeMap<>(sent);
        this.keys = keys;
    }

    /**
     * What became of the records.
     *
     * @param expected records the sources emitted, by identity
     * @param lost expected, but not in the output that counts
     * @param repeated copies of a record beyond its first
     * @param reordered records of a key that overtook others on their way
     * @param unexpected that no source emitted
     * @param uncounted outputs outside of what counts
     * @param missingInState expected, minus what the keyed state has counted
     * @param silentKeys keys of which nothing arrived, so that their state is not known
     * @param gapMillis longest time without any output, uncounted included
     * @param lanes the same per subtask of the map
     */
    public record Verdict(
            long expected,
            long lost,
            long repeated,
            long reordered,
            long unexpected,
            long uncounted,
            long missingInState,
            long silentKeys,
            long gapMillis,
            List<Lane> lanes) {

        /** Comparable with {@link Ledger#netLost()}. */
        public long netLost() {
            return lost - repeated;
        }
    }

    /**
     * The records whose keys one subtask of the map has.
     *
     * @param netLost not in the output that counts, minus what is in it again
     */
    public record Lane(int mapSubtask, long missingInState, long netLost) {}

    public Verdict judge(ArrivalFiles.Output output) {
        RecordLedger counted = ledger(output.counted());
        RecordLedger all = new RecordLedger();
        output.counted().forEach(arrival -> all.arrived(ledgerArrival(arrival)));
        output.uncounted().forEach(arrival -> all.arrived(ledgerArrival(arrival)));
        RecordLedger.Verdict verdict = counted.verdict();
        Map<Integer, Long> counts = lastCounts(output);
        long inState = counts.values().stream().mapToLong(Long::longValue).sum();
        return new Verdict(
                verdict.expected(),
                verdict.lost(),
                verdict.repeated(),
                reordered(output),
                verdict.unexpected(),
                output.uncounted().size(),
                verdict.expected() - inState,
                keys - counts.size(),
                gapMillis(all, output),
                lanes(output, counts));
    }

    /** The lowest lost sequence numbers per split, to look for in the logs. */
    Map<Integer, List<Long>> firstLost(ArrivalFiles.Output output, int limit) {
        RecordLedger counted = ledger(output.counted());
        Map<Integer, List<Long>> lost = new TreeMap<>();
        for (int split : sent.keySet()) {
            List<Long> ofSplit = counted.lost(split, limit);
            if (!ofSplit.isEmpty()) {
                lost.put(split, ofSplit);
            }
        }
        return lost;
    }

    private RecordLedger ledger(List<Arrival> arrivals) {
        RecordLedger ledger = new RecordLedger();
        sent.forEach(ledger::expect);
        arrivals.forEach(arrival -> ledger.arrived(ledgerArrival(arrival)));
        return ledger;
    }

    private static RecordLedger.Arrival ledgerArrival(Arrival arrival) {
        return new RecordLedger.Arrival(
                arrival.split(),
                arrival.sequence(),
                arrival.key(),
                arrival.sinkSubtask(),
                arrival.sinkAttempt(),
                arrival.atMillis());
    }

    /** Per key the count in the newest attempt of the map that was heard of. */
    private static Map<Integer, Long> lastCounts(ArrivalFiles.Output output) {
        Map<Integer, Arrival> last = new HashMap<>();
        Comparator<Arrival> byState =
                Comparator.comparingInt(Arrival::mapAttempt).thenComparingLong(Arrival::count);
        for (List<Arrival> arrivals : List.of(output.counted(), output.uncounted())) {
            for (Arrival arrival : arrivals) {
                last.merge(arrival.key(), arrival, (one, other) -> byState.compare(one, other) >= 0 ? one : other);
            }
        }
        Map<Integer, Long> counts = new HashMap<>();
        last.forEach((key, arrival) -> counts.put(key, arrival.count()));
        return counts;
    }

    private List<Lane> lanes(ArrivalFiles.Output output, Map<Integer, Long> counts) {
        long[] expected = new long[keys];
        sent.forEach((split, records) -> {
            for (long sequence = 0; sequence < records; sequence++) {
                expected[Numbered.keyOf(split, sequence, keys)]++;
            }
        });
        long[] arrived = new long[keys];
        Map<Integer, Integer> subtasks = new HashMap<>();
        for (Arrival arrival : output.counted()) {
            arrived[arrival.key()]++;
            subtasks.put(arrival.key(), arrival.mapSubtask());
        }
        Map<Integer, Lane> lanes = new TreeMap<>();
        subtasks.forEach((key, subtask) -> lanes.merge(
                subtask,
                new Lane(subtask, expected[key] - counts.get(key), expected[key] - arrived[key]),
                (one, other) ->
                        new Lane(subtask, one.missingInState + other.missingInState, one.netLost + other.netLost)));
        return List.copyOf(lanes.values());
    }

    /** What one attempt of the map has seen of one key from one split. */
    private record Path(int key, int split, int mapSubtask, int mapAttempt) {}

    /**
     * Counts the records of a key that an attempt of the map saw after a later one of the same split. A source that was
     * restarted begins further back, with a higher attempt.
     */
    private static long reordered(ArrivalFiles.Output output) {
        Map<Path, List<Arrival>> paths = new HashMap<>();
        for (List<Arrival> arrivals : List.of(output.counted(), output.uncounted())) {
            for (Arrival arrival : arrivals) {
                Path path = new Path(arrival.key(), arrival.split(), arrival.mapSubtask(), arrival.mapAttempt());
                paths.computeIfAbsent(path, ignored -> new ArrayList<>()).add(arrival);
            }
        }
        Comparator<Arrival> bySource =
                Comparator.comparingInt(Arrival::sourceAttempt).thenComparingLong(Arrival::sequence);
        long reordered = 0;
        for (List<Arrival> path : paths.values()) {
            path.sort(Comparator.comparingLong(Arrival::count));
            for (int i = 1; i < path.size(); i++) {
                if (bySource.compare(path.get(i - 1), path.get(i)) > 0) {
                    reordered++;
                }
            }
        }
        return reordered;
    }

    private static long gapMillis(RecordLedger all, ArrivalFiles.Output output) {
        long first = Long.MAX_VALUE;
        long last = Long.MIN_VALUE;
        for (List<Arrival> arrivals : List.of(output.counted(), output.uncounted())) {
            for (Arrival arrival : arrivals) {
                first = Math.min(first, arrival.atMillis());
                last = Math.max(last, arrival.atMillis());
            }
        }
        return first > last ? 0 : all.largestGap(first, last).millis();
    }
}
