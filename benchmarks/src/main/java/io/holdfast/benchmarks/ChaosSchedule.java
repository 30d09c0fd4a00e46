package io.holdfast.benchmarks;

import io.holdfast.benchmarks.Fault.Kind;
import io.holdfast.benchmarks.Fault.Target;
import io.holdfast.benchmarks.job.JobSettings.SinkKind;
import io.holdfast.benchmarks.job.NumbersJob;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Draws rounds from a seed. The same seed and wishes give the same rounds, whatever happens in them. */
final class ChaosSchedule {

    private static final int[] CHECKPOINT_MILLIS = {100, 200, 500, 1_000, 2_000};
    private static final int LARGE_PAYLOAD_BYTES = 40_000; // more than a network buffer
    private static final int SMALL_RECORDS_PER_SECOND = 2_000;
    private static final int LARGE_RECORDS_PER_SECOND = 200;
    private static final int KEYS = 32;
    private static final int LEAD_MILLIS = 3_000;
    /** What comes after the last fault shows the state that it left behind. */
    private static final int TAIL_MILLIS = 9_000;

    private static final int SHORTEST_SECONDS = 30;
    private static final int LONGEST_SECONDS = 40;
    private static final int SHORTEST_PAUSE_MILLIS = 2_000;
    private static final int LONGEST_PAUSE_MILLIS = 12_000;
    private static final int STARTUP_MILLIS = 8_000; // of a TaskManager
    private static final int SHORTEST_MOVE_MILLIS = 4_000; // that is no hurry

    private final long seed;
    private final Wishes wishes;

    /**
     * What the rounds have in common.
     *
     * @param kinds of faults
     * @param faultsPerRound at most; they end when there is no more time, too
     * @param checkpointMillis 0 to draw
     * @param payloadBytes -1 to draw
     * @param sink null to draw
     */
    record Wishes(
            List<Kind> kinds,
            int faultsPerRound,
            int parallelism,
            long checkpointMillis,
            int payloadBytes,
            SinkKind sink) {}

    ChaosSchedule(long seed, Wishes wishes) {
        this.seed = seed;
        this.wishes = wishes;
    }

    Round round(int number) {
        Random random = new Random(mixed(seed * 1_000_003 + number));
        int seconds = SHORTEST_SECONDS + random.nextInt(LONGEST_SECONDS - SHORTEST_SECONDS + 1);
        long checkpointMillis = CHECKPOINT_MILLIS[random.nextInt(CHECKPOINT_MILLIS.length)];
        int payloadBytes = random.nextInt(3) == 0 ? LARGE_PAYLOAD_BYTES : 0;
        SinkKind sink = random.nextBoolean() ? SinkKind.FILE : SinkKind.COMMITTING;
        boolean middle = random.nextInt(3) == 0 || wishes.kinds.equals(List.of(Kind.MIDDLE_FAILURE));
        if (wishes.checkpointMillis > 0) {
            checkpointMillis = wishes.checkpointMillis;
        }
        if (wishes.payloadBytes >= 0) {
            payloadBytes = wishes.payloadBytes;
        }
        if (wishes.sink != null) {
            sink = wishes.sink;
        }
        return new Round(
                number,
                seconds,
                wishes.parallelism,
                payloadBytes > 1_000 ? LARGE_RECORDS_PER_SECOND : SMALL_RECORDS_PER_SECOND,
                payloadBytes,
                KEYS,
                sink,
                middle,
                checkpointMillis,
                number % 2 == 0, // auto-partition in every other round
                faults(random, seconds * 1_000L - TAIL_MILLIS, middle));
    }

    private List<Fault> faults(Random random, long untilMillis, boolean middle) {
        List<Kind> kinds = wishes.kinds.stream()
                .filter(kind -> middle || kind != Kind.MIDDLE_FAILURE)
                .toList();
        List<Fault> faults = new ArrayList<>();
        long atMillis = LEAD_MILLIS + random.nextInt(2_000);
        long taskManagersCompleteMillis = 0;
        while (atMillis < untilMillis && faults.size() < wishes.faultsPerRound) {
            Fault fault = fault(kinds.get(random.nextInt(kinds.size())), atMillis, random, middle);
            boolean oneGone = fault.atMillis() < taskManagersCompleteMillis;
            boolean late = fault.kind() == Kind.TASKMANAGER_PAUSE && atMillis + fault.millis() > untilMillis;
            if (!(fault.kind().ofTaskManager() && (oneGone || late))) {
                faults.add(fault);
                if (fault.kind().ofTaskManager()) { // there is one to spare, not two
                    taskManagersCompleteMillis = atMillis + fault.millis() + STARTUP_MILLIS;
                }
            }
            atMillis += random.nextInt(4) == 0 ? random.nextInt(700) : 1_500 + random.nextInt(4_500);
        }
        return faults;
    }

    private Fault fault(Kind kind, long atMillis, Random random, boolean middle) {
        Target source = target(NumbersJob.SOURCE, random);
        Target map = target(NumbersJob.MAP, random);
        Target between = target(NumbersJob.MIDDLE, random);
        Target sink = target(NumbersJob.SINK, random);
        List<Target> chain = middle ? List.of(source, map, between, sink) : List.of(source, map, sink);
        int pick = random.nextInt(chain.size());
        int pair = random.nextInt(chain.size() - 1);
        int short_ = random.nextInt(1_000);
        int pause = SHORTEST_PAUSE_MILLIS + random.nextInt(LONGEST_PAUSE_MILLIS - SHORTEST_PAUSE_MILLIS);
        return switch (kind) {
            case SOURCE_FAILURE -> new Fault(kind, atMillis, List.of(source), 0);
            case MAP_FAILURE -> new Fault(kind, atMillis, List.of(map), 0);
            case MIDDLE_FAILURE -> new Fault(kind, atMillis, List.of(between), 0);
            case SINK_FAILURE -> new Fault(kind, atMillis, List.of(sink), 0);
            case NEIGHBOURS_FAILURE -> new Fault(kind, atMillis, chain.subList(pair, pair + 2), 0);
            case TWICE_FAILURE -> new Fault(kind, atMillis, List.of(chain.get(pick)), short_ / 3);
            case CHAIN_FAILURE -> new Fault(kind, atMillis, chain, 0);
            case TASKMANAGER_KILL -> new Fault(kind, atMillis, List.of(map), short_ * 3L);
            case TASKMANAGER_PAUSE -> new Fault(kind, atMillis, List.of(map), pause);
            case MOVE -> new Fault(kind, atMillis, List.of(map), SHORTEST_MOVE_MILLIS + short_ * 3L);
            case MOVE_CANCEL -> new Fault(kind, atMillis, List.of(map), short_);
            case MOVE_HURRIED -> new Fault(kind, atMillis, List.of(map), 50 + short_ * 3L / 2);
            case MOVE_KILL -> new Fault(kind, atMillis, List.of(map), short_ * 3L / 2);
            case MOVE_TARGET_KILL -> new Fault(kind, atMillis, List.of(map), short_ / 3);
            case EVICTION -> new Fault(kind, atMillis, List.of(map), SHORTEST_MOVE_MILLIS);
        };
    }

    /** Neighbouring seeds must not draw alike: the finalizer of SplitMix64. */
    private static long mixed(long seed) {
        long mixed = (seed ^ (seed >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }

    private Target target(String operator, Random random) {
        return new Target(operator, random.nextInt(wishes.parallelism));
    }
}
