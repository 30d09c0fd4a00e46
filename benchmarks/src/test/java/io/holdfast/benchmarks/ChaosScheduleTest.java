package io.holdfast.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.benchmarks.ChaosSchedule.Wishes;
import io.holdfast.benchmarks.Fault.Kind;
import io.holdfast.benchmarks.job.JobSettings.SinkKind;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChaosScheduleTest {

    private static final int PARALLELISM = 4;
    private static final Wishes EVERYTHING = new Wishes(List.of(Kind.values()), 100, PARALLELISM, 0, -1, null);

    @Test
    void theSameSeedDrawsTheSameRounds() {
        List<Round> once = rounds(new ChaosSchedule(42, EVERYTHING), 50);

        List<Round> again = rounds(new ChaosSchedule(42, EVERYTHING), 50);

        assertThat(again).isEqualTo(once);
    }

    @Test
    void aRoundDoesNotDependOnThoseBeforeIt() {
        Round seventh = rounds(new ChaosSchedule(42, EVERYTHING), 7).get(6);

        assertThat(new ChaosSchedule(42, EVERYTHING).round(7)).isEqualTo(seventh);
    }

    @Test
    void anotherSeedDrawsOthers() {
        assertThat(new ChaosSchedule(43, EVERYTHING).round(1)).isNotEqualTo(new ChaosSchedule(42, EVERYTHING).round(1));
    }

    @Test
    void everyKindAndEverySettingIsDrawnSoonerOrLater() {
        List<Round> rounds = rounds(new ChaosSchedule(1, EVERYTHING), 200);

        assertThat(rounds.stream().flatMap(round -> round.faults().stream()).map(Fault::kind))
                .contains(Kind.values());
        assertThat(distinct(rounds, Round::checkpointMillis))
                .containsExactlyInAnyOrder(100L, 200L, 500L, 1_000L, 2_000L);
        assertThat(distinct(rounds, Round::sink)).containsExactlyInAnyOrder(SinkKind.FILE, SinkKind.COMMITTING);
        assertThat(distinct(rounds, Round::payloadBytes)).containsExactlyInAnyOrder(0, 40_000);
        assertThat(distinct(rounds, Round::middle)).containsExactlyInAnyOrder(true, false);
        assertThat(distinct(rounds, Round::autoPartition)).containsExactlyInAnyOrder(true, false);
    }

    @Test
    void faultsLeaveTimeToComeToRestAndSpareOneTaskManager() {
        for (Round round : rounds(new ChaosSchedule(7, EVERYTHING), 200)) {
            long taskManagersCompleteMillis = 0;
            long beforeMillis = 0;
            for (Fault fault : round.faults()) {
                assertThat(fault.atMillis()).isBetween(beforeMillis, round.seconds() * 1_000L - 9_000);
                if (fault.kind().ofTaskManager()) {
                    assertThat(fault.atMillis()).isGreaterThanOrEqualTo(taskManagersCompleteMillis);
                    taskManagersCompleteMillis = fault.atMillis() + fault.millis() + 8_000;
                }
                assertThat(fault.targets()).allMatch(target -> target.subtask() < PARALLELISM);
                beforeMillis = fault.atMillis();
            }
        }
    }

    @Test
    void wishesAreGranted() {
        Wishes wishes = new Wishes(List.of(Kind.SINK_FAILURE), 2, 3, 250, 100, SinkKind.FILE);

        Round round = new ChaosSchedule(9, wishes).round(1);

        assertThat(round.faults()).hasSize(2).allMatch(fault -> fault.kind() == Kind.SINK_FAILURE);
        assertThat(round.parallelism()).isEqualTo(3);
        assertThat(round.checkpointMillis()).isEqualTo(250);
        assertThat(round.payloadBytes()).isEqualTo(100);
        assertThat(round.sink()).isEqualTo(SinkKind.FILE);
    }

    private static List<Round> rounds(ChaosSchedule schedule, int count) {
        return IntStream.rangeClosed(1, count).mapToObj(schedule::round).toList();
    }

    private static <T> Set<T> distinct(List<Round> rounds, java.util.function.Function<Round, T> property) {
        return rounds.stream().map(property).collect(Collectors.toSet());
    }
}
