package io.holdfast.guard.decide;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.guard.decide.DeclaredEviction.Report;
import io.holdfast.guard.decide.DeclaredEviction.Standing;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ResponderPolicyTest {
    private static final Instant START = Instant.parse("2026-11-26T12:00:00Z");
    private static final Answer MOVING = Answer.askAgain(Cause.MOVING, "on its way", Optional.empty());

    private final ResponderPolicy policy = new ResponderPolicy(Duration.ofMinutes(2));

    @Test
    void firstReportSaysUntilWhen() {
        assertThat(policy.report(eviction(Optional.empty(), ""), MOVING, START.plusMillis(1500)))
                .contains(new Report(
                        Optional.of(START),
                        Optional.of(START.plusSeconds(1)),
                        Optional.of(START.plusSeconds(120)),
                        Optional.empty(),
                        "on its way"));
        assertThat(policy.report(eviction(Optional.empty(), ""), MOVING, START.plusSeconds(121)))
                .as("not in the past")
                .hasValueSatisfying(report -> assertThat(report.expected()).isEmpty());
    }

    @Test
    void newsWaitForTwentySecondsAndTheSameForAMinute() {
        DeclaredEviction other = eviction(Optional.of(START), "was elsewhere");
        DeclaredEviction same = eviction(Optional.of(START), "on its way");

        assertThat(policy.report(other, MOVING, START.plusSeconds(19))).isEmpty();
        assertThat(policy.report(other, MOVING, START.plusSeconds(20))).isPresent();
        assertThat(policy.report(same, MOVING, START.plusSeconds(59))).isEmpty();
        assertThat(policy.report(same, MOVING, START.plusSeconds(60))).isPresent();
    }

    @Test
    void endIsReportedAtOnce() {
        Optional<Report> report = policy.report(
                eviction(Optional.of(START), "on its way"), Answer.allow(Cause.MOVED, "gone"), START.plusSeconds(1));

        assertThat(report).hasValueSatisfying(end -> {
            assertThat(end.completed()).contains(START.plusSeconds(1));
            assertThat(end.heartbeat()).contains(START.plusSeconds(1));
        });
    }

    @Test
    void clockThatIsBehindReportsNothingBeforeTheBeginning() {
        assertThat(policy.report(eviction(Optional.empty(), ""), MOVING, START.minusSeconds(5)))
                .hasValueSatisfying(report -> assertThat(report.heartbeat()).contains(START));
    }

    @Test
    void messageIsAsLongAsItMayBe() {
        Answer talkative = Answer.askAgain(Cause.MOVING, "x".repeat(5000), Optional.empty());

        assertThat(policy.report(eviction(Optional.empty(), ""), talkative, START))
                .hasValueSatisfying(report -> assertThat(report.message()).hasSize(4000));
    }

    private static DeclaredEviction eviction(Optional<Instant> heartbeat, String message) {
        return new DeclaredEviction(
                "e",
                "tm-1",
                "uid",
                List.of(),
                Standing.ACTIVE,
                new Report(Optional.of(START), heartbeat, Optional.empty(), Optional.empty(), message));
    }
}
