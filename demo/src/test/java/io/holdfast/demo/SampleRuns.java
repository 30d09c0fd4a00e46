package io.holdfast.demo;

import io.holdfast.demo.RunResult.Blow;
import io.holdfast.demo.RunResult.Kind;
import io.holdfast.demo.RunResult.Moved;
import io.holdfast.testing.RecordLedger.Verdict;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Two runs of 40 s at 8,000 flights per second, blows at 6 s, 20 s and 32 s. */
final class SampleRuns {

    static final long START_MILLIS = 1_700_000_000_000L;
    private static final long TASK_AT = START_MILLIS + 6_000;
    private static final long TASK_MANAGER_AT = START_MILLIS + 20_000;
    private static final long EVICTION_AT = START_MILLIS + 32_000;

    private SampleRuns() {}

    static RunResult holdfast() {
        long[] perSecond = steady();
        for (int i = 0; i < 9; i++) {
            perSecond[101 + i] = 5_400 + i * 40;
        }
        perSecond[30] = 6_900;
        return new RunResult(
                Mode.HOLDFAST,
                "2.3.0",
                START_MILLIS,
                perSecond,
                List.of(
                        new Blow(Kind.TASK, "airport-stats 1", TASK_AT, 1, 1, 31, 212, 0),
                        new Blow(Kind.TASK_MANAGER, "tm-3", TASK_MANAGER_AT, 4, 4, 44, 1_912, 0),
                        new Blow(Kind.EVICTION, "tm-1", EVICTION_AT, 4, 4, 38, 310, 0)),
                16,
                new Verdict(485_070, 4_310, 1_204, 0, 0),
                List.of("RUNNING"),
                List.of(),
                Optional.of(new Moved(true, "handed over", 4, 912, 240, 0)),
                Optional.of(new Incidents(3, 5_120, 1_388, List.of())));
    }

    static RunResult stock() {
        long[] perSecond = steady();
        Arrays.fill(perSecond, 34, 38, 0);
        perSecond[38] = 53_410;
        perSecond[39] = 38_320;
        Arrays.fill(perSecond, 105, 114, 0);
        perSecond[114] = 38_590;
        perSecond[115] = 70_915;
        return new RunResult(
                Mode.STOCK,
                "2.3.0",
                START_MILLIS,
                perSecond,
                List.of(
                        new Blow(Kind.TASK, "airport-stats 1", TASK_AT, 1, 16, 916, 1_528, 237),
                        new Blow(Kind.TASK_MANAGER, "tm-2", TASK_MANAGER_AT, 4, 16, 1_778, 2_162, 826),
                        new Blow(Kind.EVICTION, "tm-4", EVICTION_AT, 4, 16, 1_120, 1_340, 410)),
                16,
                new Verdict(485_070, 0, 9_685, 0, 0),
                List.of("RUNNING", "RESTARTING", "RUNNING", "RESTARTING", "RUNNING", "RESTARTING", "RUNNING"),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }

    /** The same run with other blows. */
    static RunResult with(RunResult run, List<Blow> blows, List<String> states) {
        return new RunResult(
                run.mode(),
                run.flinkVersion(),
                run.startMillis(),
                run.perSecond(),
                blows,
                run.tasks(),
                run.verdict(),
                states,
                run.silentLanes(),
                run.move(),
                run.incidents());
    }

    /** The same run with another end of its eviction. */
    static RunResult with(RunResult run, Moved move) {
        return new RunResult(
                run.mode(),
                run.flinkVersion(),
                run.startMillis(),
                run.perSecond(),
                run.blows(),
                run.tasks(),
                run.verdict(),
                run.states(),
                run.silentLanes(),
                Optional.of(move),
                run.incidents());
    }

    private static long[] steady() {
        long[] perSecond = new long[200];
        for (int i = 0; i < perSecond.length; i++) {
            perSecond[i] = 8_000 + i * 7_919L % 700 - 350;
        }
        return perSecond;
    }
}
