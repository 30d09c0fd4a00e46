package io.holdfast.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.guard.decide.Cause;
import io.holdfast.testing.Eventually;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of evictions between their requests, with a real watch and a real JobManager's answers. */
@Timeout(60)
class HousekeepingTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String IN_PROGRESS = "descheduler.alpha.kubernetes.io/eviction-in-progress";
    private static final String RECORD = "holdfast.io/eviction";

    private final ManualClock clock = new ManualClock();
    private final FakeApiServer server = new FakeApiServer();
    private final FakeJobManager jobManager = new FakeJobManager().taskManager("tm-1", "10.0.0.1");
    private final Assembled guard = new Assembled(server, clock, 1);

    @BeforeEach
    void begin() {
        server.pod("tm-1", jobManager.url());
        guard.evictDry("tm-1"); // what a first call takes longer for does not count
        guard.housekeeping.start();
    }

    @AfterEach
    void endAll() {
        guard.close();
        jobManager.close();
        server.close();
    }

    @Test
    void uncordonedNodeAndSilenceCancelTheMove() {
        server.cordon(true);
        guard.evict("tm-1");
        clock.pass(Duration.ofSeconds(60));
        awaitEvictions(1);
        server.cordon(false);

        Eventually.until(PATIENCE, () -> assertThat(jobManager.states()).containsExactly("CANCELLED"));
        Eventually.until(
                PATIENCE, () -> assertThat(server.annotation("tm-1", RECORD)).isEmpty());
        assertThat(server.annotation("tm-1", IN_PROGRESS)).isEmpty();
        Eventually.until(PATIENCE, () -> assertThat(server.reasons("tm-1")).contains("EvictionWithdrawn"));
        assertThat(guard.meters.get("holdfast.guard.withdrawn").counter().count())
                .isEqualTo(1);
        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVING); // another one begins anew
    }

    @Test
    void cordonedNodeKeepsTheMove() {
        server.cordon(true);
        guard.evict("tm-1");
        clock.pass(Duration.ofSeconds(60));
        awaitEvictions(1);
        int looks = looks();

        Eventually.until(PATIENCE, () -> assertThat(looks()).isGreaterThan(looks + 2));
        assertThat(jobManager.states()).containsExactly("RESERVING");
        assertThat(server.annotation("tm-1", IN_PROGRESS)).isEqualTo("holdfast");
    }

    @Test
    void annotationThatIsTakenAwayCancelsTheMove() {
        guard.evict("tm-1");
        server.merge(
                FakeApiServer.pods("tm-1"), "{\"metadata\": {\"annotations\": {\"%s\": null}}}".formatted(IN_PROGRESS));

        Eventually.until(PATIENCE, () -> assertThat(jobManager.states()).containsExactly("CANCELLED"));
        Eventually.until(
                PATIENCE, () -> assertThat(server.annotation("tm-1", RECORD)).isEmpty());
    }

    @Test
    void moveThatIsPastItsPointOfNoReturnGoesOnAndItsTaskManagerStaysThen() {
        guard.evict("tm-1");
        jobManager.move("tm-1", "SWITCHING", "");
        clock.pass(Duration.ofSeconds(60));
        awaitEvictions(1);
        int tries = tries();
        Eventually.until(PATIENCE, () -> assertThat(tries()).isGreaterThan(tries + 1));
        assertThat(server.annotation("tm-1", RECORD)).isNotEmpty();

        jobManager.move("tm-1", "COMPLETED", "");

        Eventually.until(
                PATIENCE, () -> assertThat(server.annotation("tm-1", RECORD)).isEmpty());
        assertThat(jobManager.wantedToLeave("tm-1")).isEmpty();
    }

    @Test
    void moveThatOthersWantGoesOn() {
        server.cordon(true);
        guard.evict("tm-1");
        jobManager.joins("tm-1", "sidecar/tm-1");
        clock.pass(Duration.ofSeconds(60));
        awaitEvictions(1);
        server.cordon(false);

        Eventually.until(
                PATIENCE, () -> assertThat(server.annotation("tm-1", RECORD)).isEmpty());
        assertThat(jobManager.states()).containsExactly("RESERVING");
        Eventually.until(PATIENCE, () -> assertThat(server.reasons("tm-1")).contains("EvictionWithdrawn"));
    }

    @Test
    void taskManagerIsUsedAgainWhenItsNodeIsUncordonedAfterTheMove() {
        server.cordon(true);
        guard.evict("tm-1");
        jobManager.move("tm-1", "COMPLETED", "");
        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVED); // but something else kept the pod
        clock.pass(Duration.ofSeconds(60));
        awaitEvictions(1);
        Eventually.until(
                PATIENCE,
                () -> assertThat(server.annotation("tm-1", IN_PROGRESS)).isEmpty());
        assertThat(jobManager.wantedToLeave("tm-1")).as("the node is cordoned").hasSize(1);

        server.cordon(false);

        Eventually.until(
                PATIENCE, () -> assertThat(jobManager.wantedToLeave("tm-1")).isEmpty());
        Eventually.until(
                PATIENCE, () -> assertThat(server.annotation("tm-1", RECORD)).isEmpty());
    }

    @Test
    void deschedulerThatAsksOnceIsToldWhenItMayAskAgain() {
        server.merge(FakeApiServer.pods("tm-1"), """
                {"metadata": {"annotations": {"descheduler.alpha.kubernetes.io/request-evict-only": ""}}}""");
        guard.evict("tm-1");
        clock.pass(Duration.ofSeconds(120));
        awaitEvictions(1);
        int looks = looks();
        Eventually.until(PATIENCE, () -> assertThat(looks()).isGreaterThan(looks + 1));
        assertThat(jobManager.states()).containsExactly("RESERVING"); // its silence says nothing

        jobManager.move("tm-1", "COMPLETED", "");

        Eventually.until(
                PATIENCE,
                () -> assertThat(server.annotation("tm-1", IN_PROGRESS)).isEmpty());
        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVED);
    }

    @Test
    void brokenAndExpiredWatchesLoseNothing() {
        guard.evict("tm-1");
        awaitEvictions(1);
        int begun = server.watchesBegun();
        server.endWatches();
        Eventually.until(PATIENCE, () -> assertThat(server.watchesBegun()).isGreaterThan(begun));
        int again = server.watchesBegun();
        server.expireWatches();
        server.merge(
                FakeApiServer.pods("tm-1"), "{\"metadata\": {\"annotations\": {\"%s\": null}}}".formatted(IN_PROGRESS));

        Eventually.until(PATIENCE, () -> assertThat(jobManager.states()).containsExactly("CANCELLED"));
        Eventually.until( // the list before it is enough to see it
                PATIENCE, () -> assertThat(server.watchesBegun()).isGreaterThan(again));
    }

    @Test
    void conflictsAndAJobManagerThatIsAwayOnlyTakeLonger() {
        guard.evict("tm-1");
        awaitEvictions(1);
        jobManager.refuseWith(503);
        server.conflictOnPatches(2);
        clock.pass(Duration.ofSeconds(60));
        Eventually.until(
                PATIENCE, () -> assertThat(jobManager.requests()).anyMatch(request -> request.startsWith("DELETE")));
        assertThat(server.annotation("tm-1", RECORD)).isNotEmpty();

        jobManager.refuseWith(0);

        Eventually.until(
                PATIENCE, () -> assertThat(server.annotation("tm-1", RECORD)).isEmpty());
        assertThat(jobManager.states()).containsExactly("CANCELLED");
        assertThat(guard.meters.get("holdfast.guard.conflict").counter().count())
                .isEqualTo(2);
    }

    private void awaitEvictions(int count) {
        Eventually.until(
                PATIENCE, () -> assertThat(guard.housekeeping.evictions()).isEqualTo(count));
    }

    /** How often it was tried to let the TaskManager stay. */
    private int tries() {
        return (int) jobManager.requests().stream()
                .filter(request -> request.startsWith("DELETE /holdfast/leaving/"))
                .count();
    }

    /** How often the move was looked at. */
    private int looks() {
        return (int) jobManager.requests().stream()
                .filter(request -> request.matches("GET /holdfast/moves/.+"))
                .count();
    }
}
