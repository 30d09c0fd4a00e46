package io.holdfast.guard.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.guard.tls.RotationPolicy.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class RotationPolicyTest {
    private static final Instant START = Instant.parse("2026-11-26T12:00:00Z");
    private static final Duration OVERLAP = Duration.ofMinutes(5);

    private final RotationPolicy policy = new RotationPolicy(OVERLAP);
    private final Lifetime authority = lifetime(START, Duration.ofDays(360));
    private final Lifetime certificate = lifetime(START, Duration.ofDays(30));

    @Test
    void freshOnesAreLeftAlone() {
        assertThat(policy.next(List.of(authority), 0, certificate, START.plus(Duration.ofDays(19))))
                .isEqualTo(Step.NOTHING);
    }

    @Test
    void certificateIsRenewedWhenTwoThirdsAreOver() {
        assertThat(policy.next(List.of(authority), 0, certificate, START.plus(Duration.ofDays(20))))
                .isEqualTo(Step.REISSUE);
    }

    @Test
    void newAuthorityIsAnnouncedBeforeItSignsAndTheOldOneLeavesAfterwards() {
        Instant now = START.plus(Duration.ofDays(240));
        Lifetime current = lifetime(now.minusSeconds(1), Duration.ofDays(30));
        assertThat(policy.next(List.of(authority), 0, current, now)).isEqualTo(Step.ADD_AUTHORITY);

        List<Lifetime> both = List.of(lifetime(now, Duration.ofDays(360)), authority);
        assertThat(policy.next(both, 1, current, now.plus(OVERLAP).minusSeconds(1)))
                .isEqualTo(Step.NOTHING);
        assertThat(policy.next(both, 1, current, now.plus(OVERLAP))).isEqualTo(Step.REISSUE);

        Lifetime reissued = lifetime(now.plus(OVERLAP), Duration.ofDays(30));
        assertThat(policy.next(
                        both, 0, reissued, now.plus(OVERLAP.multipliedBy(2)).minusSeconds(1)))
                .isEqualTo(Step.NOTHING);
        assertThat(policy.next(both, 0, reissued, now.plus(OVERLAP.multipliedBy(2))))
                .isEqualTo(Step.DROP_AUTHORITIES);
    }

    @Test
    void certificateThatNobodyAcceptsAnyMoreIsNotWaitedWith() {
        Lifetime newest = lifetime(START.plus(Duration.ofDays(31)), Duration.ofDays(360));

        assertThat(policy.next(List.of(newest, authority), 1, certificate, START.plus(Duration.ofDays(31))))
                .isEqualTo(Step.REISSUE);
    }

    @Test
    void expiredAuthorityOrAForeignCertificateMeansAllAnew() {
        assertThat(policy.next(List.of(authority), 0, certificate, START.plus(Duration.ofDays(360))))
                .isEqualTo(Step.CREATE);
        assertThat(policy.next(List.of(authority), -1, certificate, START)).isEqualTo(Step.CREATE);
    }

    private static Lifetime lifetime(Instant issued, Duration validity) {
        return new Lifetime(issued, issued.plus(validity));
    }
}
