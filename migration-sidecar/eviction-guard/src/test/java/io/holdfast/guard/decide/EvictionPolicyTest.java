package io.holdfast.guard.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EvictionPolicyTest {
    private static final Instant START = Instant.parse("2026-11-26T12:00:00Z");
    private static final Rules RULES =
            new Rules(Duration.ofMinutes(10), Duration.ofSeconds(30), Duration.ofSeconds(15), Duration.ofSeconds(2));
    private static final PodState POD = new PodState("tm-1", true, true, false, false, Optional.empty());

    private final EvictionPolicy policy = new EvictionPolicy(RULES);

    @Test
    void podThatAsksForNoProtectionOrRunsNothingIsLetGoAtOnce() {
        assertThat(policy.atOnce(
                        new PodState("p", false, true, false, false, Optional.empty()), NodeState.UNKNOWN, START))
                .map(Answer::cause)
                .contains(Cause.UNGUARDED);
        assertThat(policy.atOnce(
                        new PodState("p", true, false, false, false, Optional.empty()), NodeState.UNKNOWN, START))
                .map(Answer::cause)
                .contains(Cause.NOT_RUNNING);
        assertThat(policy.atOnce(POD, NodeState.CORDONED, START)).isEmpty();
    }

    @Test
    void runningMoveIsAnsweredInTheWordsThatTheDeschedulerKnows() {
        EvictionRecord asked = policy.asked(POD, NodeState.CORDONED, START);

        Verdict verdict = policy.decide(POD, asked, new JobManagerSays.Moving("m1", "RESERVING"), START);

        assertThat(verdict.answer().allowed()).isFalse();
        assertThat(verdict.answer().message()).contains("Eviction triggered evacuation", "m1", "RESERVING");
        assertThat(verdict.answer().retryAfter()).contains(Duration.ofSeconds(2));
        assertThat(verdict.record())
                .contains(new EvictionRecord(START, START, Optional.of("m1"), true, true, Optional.empty()));
    }

    @Test
    void deschedulerIsNotTimedByTheAnswer() {
        PodState background = new PodState("tm-1", true, true, true, false, Optional.empty());

        Verdict verdict = policy.decide(
                background,
                policy.asked(background, NodeState.SCHEDULABLE, START),
                new JobManagerSays.Moving("m1", "RESERVING"),
                START);

        assertThat(verdict.answer().retryAfter()).isEmpty();
    }

    @Test
    void onlyARunningMoveIsCalledAnEvacuation() {
        EvictionRecord asked = policy.asked(POD, NodeState.SCHEDULABLE, START);

        for (JobManagerSays says : new JobManagerSays[] {
            new JobManagerSays.Busy("tm-2"),
            new JobManagerSays.MoveFailed("m1", "no slots"),
            new JobManagerSays.Away("gone")
        }) {
            Verdict verdict = policy.decide(POD, asked, says, START);
            assertThat(verdict.answer().allowed()).isFalse();
            assertThat(verdict.answer().message()).doesNotContain("Eviction triggered evacuation");
            assertThat(verdict.record().orElseThrow().underWay()).isFalse();
        }
    }

    @Test
    void whatHasLeftIsLetGo() {
        EvictionRecord asked = policy.asked(POD, NodeState.CORDONED, START);

        assertThat(cause(asked, new JobManagerSays.Moved(), START)).isEqualTo(Cause.MOVED);
        assertThat(cause(asked, new JobManagerSays.NoTaskManager(), START)).isEqualTo(Cause.NO_TASKMANAGER);
        assertThat(cause(asked, new JobManagerSays.Refused("no"), START)).isEqualTo(Cause.REFUSED);
    }

    @Test
    void jobManagerThatIsAwayIsWaitedForAsLongAsTheBudgetAllows() {
        PodState pod = POD;
        EvictionRecord record = policy.asked(pod, NodeState.CORDONED, START);
        JobManagerSays away = new JobManagerSays.Away("connection refused");

        for (int second = 0; second < 15; second += 2) {
            Instant now = START.plusSeconds(second);
            Verdict verdict = policy.decide(pod, policy.asked(pod, NodeState.CORDONED, now), away, now);
            assertThat(verdict.answer().cause()).as("after %d s", second).isEqualTo(Cause.JOBMANAGER_AWAITED);
            record = verdict.record().orElseThrow();
            pod = with(record, false);
        }
        Instant now = START.plusSeconds(15);

        assertThat(policy.decide(pod, policy.asked(pod, NodeState.CORDONED, now), away, now)
                        .answer()
                        .cause())
                .isEqualTo(Cause.JOBMANAGER_AWAY);
        assertThat(record.moving("m1").awaySince()).isEmpty();
    }

    @Test
    void evictionIsForcedWhenItHasTakenTooLong() {
        EvictionRecord record =
                new EvictionRecord(START, START.plusSeconds(590), Optional.of("m1"), true, true, Optional.empty());

        assertThat(policy.atOnce(with(record, false), NodeState.CORDONED, START.plusSeconds(599)))
                .isEmpty();
        assertThat(policy.atOnce(with(record, false), NodeState.CORDONED, START.plusSeconds(600)))
                .map(Answer::cause)
                .contains(Cause.FORCED);
    }

    @Test
    void evictionThatWasGivenUpIsNotForcedWhenAnotherOneComes() {
        EvictionRecord old = new EvictionRecord(START, START, Optional.empty(), false, true, Optional.empty());
        Instant later = START.plus(Duration.ofDays(1));

        assertThat(policy.atOnce(with(old, false), NodeState.SCHEDULABLE, later))
                .isEmpty();
        assertThat(policy.asked(with(old, false), NodeState.SCHEDULABLE, later).first())
                .isEqualTo(later);
    }

    @Test
    void silenceOnACordonedNodeGivesNothingUp() {
        EvictionRecord record = new EvictionRecord(START, START, Optional.of("m1"), true, true, Optional.empty());
        Instant later = START.plusSeconds(300);

        assertThat(policy.over(record, NodeState.CORDONED, false, later)).isFalse();
        assertThat(policy.over(record, NodeState.SCHEDULABLE, false, START.plusSeconds(29)))
                .isFalse();
        assertThat(policy.over(record, NodeState.SCHEDULABLE, false, START.plusSeconds(30)))
                .isTrue();
        assertThat(policy.over(record, NodeState.UNKNOWN, false, later)).isTrue();
    }

    @Test
    void deschedulersSilenceGivesNothingUpUnlessItsNodeWasCordoned() {
        EvictionRecord record = new EvictionRecord(START, START, Optional.of("m1"), true, false, Optional.empty());
        Instant later = START.plusSeconds(300);

        assertThat(policy.over(record, NodeState.SCHEDULABLE, true, later)).isFalse();
        assertThat(policy.over(record.withCordon(), NodeState.SCHEDULABLE, true, later))
                .isTrue();
        assertThat(policy.over(record.settled(), NodeState.SCHEDULABLE, true, later))
                .isTrue();
    }

    @Test
    void moveEndsBeforeTheEvictionIsForced() {
        EvictionRecord record = EvictionRecord.begun(START, false);

        assertThat(policy.moveTimeout(record, Duration.ofMinutes(2), START)).isEqualTo(Duration.ofMinutes(2));
        assertThat(policy.moveTimeout(record, Duration.ofMinutes(2), START.plusSeconds(540)))
                .isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void repeatedRequestsAreNotWrittenEachTime() {
        EvictionRecord record = EvictionRecord.begun(START, false).moving("m1");
        Optional<EvictionRecord> written = Optional.of(record);

        assertThat(policy.worthWriting(Optional.empty(), record)).isTrue();
        assertThat(policy.worthWriting(written, record.askedAgain(START.plusSeconds(7), false)))
                .isFalse();
        assertThat(policy.worthWriting(written, record.askedAgain(START.plusSeconds(8), false)))
                .isTrue();
        assertThat(policy.worthWriting(written, record.askedAgain(START.plusSeconds(1), true)))
                .isTrue();
        assertThat(policy.worthWriting(written, record.moving("m2"))).isTrue();
    }

    private Cause cause(EvictionRecord asked, JobManagerSays says, Instant now) {
        return policy.decide(POD, asked, says, now).answer().cause();
    }

    private static PodState with(EvictionRecord record, boolean background) {
        return new PodState("tm-1", true, true, background, record.underWay(), Optional.of(record));
    }
}
