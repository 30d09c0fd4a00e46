package io.holdfast.guard.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HousekeepingPolicyTest {
    private static final Instant START = Instant.parse("2026-11-26T12:00:00Z");
    private static final EvictionRecord MOVING =
            EvictionRecord.begun(START, false).moving("m1");

    private final HousekeepingPolicy policy = new HousekeepingPolicy(new EvictionPolicy(
            new Rules(Duration.ofMinutes(10), Duration.ofSeconds(30), Duration.ofSeconds(15), Duration.ofSeconds(2))));

    @Test
    void annotationThatSomebodyTookAwayCallsTheEvictionOffAtOnce() {
        assertThat(policy.chore(pod(MOVING, false, false), NodeState.CORDONED, false, START))
                .isEqualTo(Chore.WITHDRAW);
    }

    @Test
    void uncordonedNodeAndSilenceCallItOff() {
        PodState pod = pod(MOVING.withCordon(), false, true);

        assertThat(policy.chore(pod, NodeState.CORDONED, false, START.plusSeconds(60)))
                .isEqualTo(Chore.NOTHING);
        assertThat(policy.chore(pod, NodeState.SCHEDULABLE, false, START.plusSeconds(29)))
                .isEqualTo(Chore.NOTHING);
        assertThat(policy.chore(pod, NodeState.SCHEDULABLE, false, START.plusSeconds(30)))
                .isEqualTo(Chore.WITHDRAW);
    }

    @Test
    void moveThatIsOverIsSettledAndLaterForgotten() {
        assertThat(policy.chore(pod(MOVING, false, true), NodeState.SCHEDULABLE, true, START.plusSeconds(1)))
                .isEqualTo(Chore.SETTLE);
        EvictionRecord settled = policy.after(Chore.SETTLE, MOVING);

        assertThat(settled.underWay()).isFalse();
        assertThat(policy.chore(pod(settled, false, false), NodeState.SCHEDULABLE, false, START.plusSeconds(1)))
                .isEqualTo(Chore.NOTHING);
        assertThat(policy.chore(pod(settled, false, false), NodeState.SCHEDULABLE, false, START.plusSeconds(30)))
                .isEqualTo(Chore.RELEASE);
    }

    @Test
    void silenceOfTheDeschedulerAfterTheMoveSaysNothingUnlessTheNodeWasCordoned() {
        EvictionRecord settled = policy.after(Chore.SETTLE, MOVING);

        assertThat(policy.chore(pod(settled, true, false), NodeState.SCHEDULABLE, false, START.plusSeconds(30)))
                .isEqualTo(Chore.FORGET);
        assertThat(policy.chore(
                        pod(settled.withCordon(), true, false), NodeState.SCHEDULABLE, false, START.plusSeconds(30)))
                .isEqualTo(Chore.RELEASE);
        assertThat(policy.chore(
                        pod(settled.withCordon(), false, false), NodeState.CORDONED, false, START.plusSeconds(30)))
                .isEqualTo(Chore.NOTHING);
        assertThat(policy.chore(
                        pod(MOVING.withoutMove(), false, false), NodeState.SCHEDULABLE, false, START.plusSeconds(30)))
                .as("no move was made")
                .isEqualTo(Chore.FORGET);
    }

    @Test
    void deschedulerMayAskAgainWhenItTakesTooLong() {
        assertThat(policy.chore(pod(MOVING, true, true), NodeState.SCHEDULABLE, false, START.plusSeconds(599)))
                .isEqualTo(Chore.NOTHING);
        assertThat(policy.chore(pod(MOVING, true, true), NodeState.SCHEDULABLE, false, START.plusSeconds(600)))
                .isEqualTo(Chore.SETTLE);
    }

    @Test
    void cordonIsNotedOnce() {
        assertThat(policy.chore(pod(MOVING, true, true), NodeState.CORDONED, false, START))
                .isEqualTo(Chore.NOTE_CORDON);
        assertThat(policy.chore(
                        pod(policy.after(Chore.NOTE_CORDON, MOVING), true, true), NodeState.CORDONED, false, START))
                .isEqualTo(Chore.NOTHING);
    }

    private static PodState pod(EvictionRecord record, boolean background, boolean inProgress) {
        return new PodState("tm-1", true, true, background, inProgress, Optional.of(record));
    }
}
