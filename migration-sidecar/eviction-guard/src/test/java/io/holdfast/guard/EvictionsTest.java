package io.holdfast.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.guard.decide.Answer;
import io.holdfast.guard.decide.Cause;
import io.holdfast.testing.Eventually;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Evictions between an API server and a JobManager, over HTTP; only the time is made up. */
@Timeout(60)
class EvictionsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String IN_PROGRESS = "descheduler.alpha.kubernetes.io/eviction-in-progress";
    private static final String RECORD = "holdfast.io/eviction";

    private final ManualClock clock = new ManualClock();
    private final FakeApiServer server = new FakeApiServer();
    private final FakeJobManager jobManager = new FakeJobManager();
    private final Assembled guard = new Assembled(server, clock, 1);

    @BeforeEach
    void preparePods() {
        for (int i = 1; i <= 3; i++) {
            server.pod("tm-" + i, jobManager.url());
            jobManager.taskManager("tm-" + i, "10.0.0." + i);
        }
    }

    @AfterEach
    void endAll() {
        guard.close();
        jobManager.close();
        server.close();
    }

    @Test
    void evictionStartsTheMoveJoinsItAndGoesOnWhenTheTasksHaveLeft() {
        server.cordon(true);

        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVING);
        clock.pass(Duration.ofSeconds(2));
        jobManager.move("tm-1", "CHECKPOINTING", "");
        Answer again = guard.evict("tm-1");

        assertThat(again.message()).contains("CHECKPOINTING");
        assertThat(jobManager.asked()).hasSize(1);
        assertThat(jobManager.asked().get(0).toString())
                .contains("\"taskmanagers\":[\"tm-1\"]", "\"scope\":\"node\"", "\"expires\":\"PT5M\"")
                .contains("eviction of pod jobs/tm-1 by drain");
        assertThat(server.annotation("tm-1", IN_PROGRESS)).isEqualTo("holdfast");
        assertThat(server.annotation("tm-1", RECORD))
                .contains("\"firstRequestedAt\":\"2026-11-26T12:00:00Z\"", "\"underWay\":true", "\"cordoned\":true");

        clock.pass(Duration.ofSeconds(2));
        jobManager.move("tm-1", "COMPLETED", "");

        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVED);
        assertThat(guard.meters.get("holdfast.guard.held").timer().totalTime(TimeUnit.SECONDS))
                .isEqualTo(4);
        Eventually.until(
                PATIENCE, () -> assertThat(server.reasons("tm-1")).containsExactly("EvictionHeld", "EvictionAllowed"));
        assertThat(FakeApiServer.RBAC).containsAll(server.used());
    }

    @Test
    void dryRunSaysWhatWouldBeAndChangesNothing() {
        assertThat(guard.evictDry("tm-1").cause()).isEqualTo(Cause.MOVING);
        assertThat(jobManager.asked()).isEmpty();

        guard.evict("tm-1");
        int patches = patches();
        assertThat(guard.evictDry("tm-1").cause()).isEqualTo(Cause.MOVING);
        assertThat(guard.evictDry("tm-2").cause()).isEqualTo(Cause.WAITING);
        jobManager.move("tm-1", "COMPLETED", "");
        assertThat(guard.evictDry("tm-1").cause()).isEqualTo(Cause.MOVED);

        assertThat(patches()).isEqualTo(patches);
        assertThat(jobManager.asked()).hasSize(1);
        assertThat(jobManager.requests()).noneMatch(request -> request.startsWith("DELETE"));
        assertThat(guard.meters.get("holdfast.guard.dry.run").counter().count()).isEqualTo(4);
    }

    @Test
    void podsThatDoNotAskForItAreLetGoWithoutAWord() {
        server.merge(FakeApiServer.pods("tm-1"), "{\"metadata\": {\"labels\": {\"holdfast.io/migrate\": \"false\"}}}");
        server.merge(FakeApiServer.pods("tm-2"), "{\"status\": {\"phase\": \"Succeeded\"}}");
        server.merge(FakeApiServer.pods("tm-3"), "{\"metadata\": {\"deletionTimestamp\": \"2026-11-26T12:00:00Z\"}}");

        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.UNGUARDED);
        assertThat(guard.evict("tm-2").cause()).isEqualTo(Cause.NOT_RUNNING);
        assertThat(guard.evict("tm-3").cause()).isEqualTo(Cause.NOT_RUNNING);
        assertThat(guard.evict("tm-4").cause()).isEqualTo(Cause.NOT_RUNNING);
        assertThat(jobManager.requests()).isEmpty();
    }

    @Test
    void onlySoManyMoveAtOnceAndTheOthersFollow() {
        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVING);
        Answer second = guard.evict("tm-2");

        assertThat(second.cause()).isEqualTo(Cause.WAITING);
        assertThat(second.message()).contains("tm-1").doesNotContain("Eviction triggered evacuation");
        assertThat(server.annotation("tm-2", IN_PROGRESS)).isEmpty();
        assertThat(server.annotation("tm-2", RECORD)).contains("firstRequestedAt");

        jobManager.move("tm-1", "COMPLETED", "");
        assertThat(guard.evict("tm-2").cause()).isEqualTo(Cause.MOVING);
    }

    @Test
    void taskManagersOfANodeThatIsDrainedMoveTogetherAndCountAsOne() {
        server.cordon(true);
        jobManager.node("tm-1", "tm-2");

        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVING);
        assertThat(guard.evict("tm-2").cause()).isEqualTo(Cause.MOVING);
        Answer elsewhere = guard.evict("tm-3");

        assertThat(elsewhere.cause()).isEqualTo(Cause.WAITING);
        assertThat(elsewhere.message()).contains("tm-1, tm-2");
        assertThat(jobManager.states()).as("one, which both pods want").hasSize(1);
        assertThat(jobManager.asked())
                .hasSize(2)
                .extracting(wish -> wish.path("requester").asText())
                .satisfiesExactly(
                        one -> assertThat(one).startsWith("guard/tm-1-"),
                        two -> assertThat(two).startsWith("guard/tm-2-"));
        jobManager.move("tm-1", "COMPLETED", "");
        assertThat(guard.evict("tm-2").cause()).isEqualTo(Cause.MOVED);
    }

    @Test
    void moveOfASidecarIsJoinedOnce() {
        guard.evict("tm-1");
        String uid = server.get(FakeApiServer.pods("tm-1")).at("/metadata/uid").asText();
        assertThat(jobManager.asked().get(0).path("requester").asText()).isEqualTo("guard/tm-1-" + uid);
        jobManager.joins("tm-1", "sidecar/tm-1");

        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVING);
        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVING);

        assertThat(jobManager.asked()).hasSize(1);
    }

    @Test
    void replicasThatAskAtTheSameTimeLeaveOneMoveAndTheOlderOne() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (Assembled other = new Assembled(server, clock, 1)) {
            guard.evictDry("tm-1"); // what a first call takes longer for does not count
            other.evictDry("tm-2");
            jobManager.listTogether(2);

            Future<Answer> first = threads.submit(() -> guard.evict("tm-1"));
            Future<Answer> second = threads.submit(() -> other.evict("tm-2"));

            assertThat(List.of(
                            first.get(20, TimeUnit.SECONDS).cause(),
                            second.get(20, TimeUnit.SECONDS).cause()))
                    .containsExactlyInAnyOrder(Cause.MOVING, Cause.WAITING);
            assertThat(jobManager.states()).containsExactly("RESERVING", "CANCELLED");
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void evictionsOfOneReplicaDoNotCancelOneAnother() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        List<Future<Answer>> answers = new ArrayList<>();
        for (String pod : List.of("tm-1", "tm-2", "tm-3")) {
            answers.add(threads.submit(() -> guard.evict(pod)));
        }
        List<Cause> causes = new ArrayList<>();
        for (Future<Answer> answer : answers) {
            causes.add(answer.get(20, TimeUnit.SECONDS).cause());
        }
        threads.shutdownNow();

        assertThat(causes).containsExactlyInAnyOrder(Cause.MOVING, Cause.WAITING, Cause.WAITING);
        assertThat(jobManager.states()).containsExactly("RESERVING");
    }

    @Test
    void failedMoveIsToldAndTriedAgain() {
        guard.evict("tm-1");
        jobManager.move("tm-1", "FAILED", "no slot is free");

        Answer failed = guard.evict("tm-1");
        assertThat(failed.cause()).isEqualTo(Cause.MOVE_FAILED);
        assertThat(failed.message()).contains("no slot is free");
        assertThat(server.annotation("tm-1", IN_PROGRESS)).isEmpty();

        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVING);
        assertThat(jobManager.states()).containsExactly("FAILED", "RESERVING");
        assertThat(server.annotation("tm-1", IN_PROGRESS)).isEqualTo("holdfast");
    }

    @Test
    void evictionIsForcedAfterItsTime() {
        server.cordon(true);
        for (int i = 0; i < 60; i++) {
            assertThat(guard.evict("tm-1").allowed()).as("after %d s", i * 10).isFalse();
            clock.pass(Duration.ofSeconds(10));
        }

        Answer forced = guard.evict("tm-1");

        assertThat(forced.cause()).isEqualTo(Cause.FORCED);
        Eventually.until(PATIENCE, () -> assertThat(server.reasons("tm-1")).contains("EvictionForced"));
    }

    @Test
    void jobManagerThatIsAwayIsWaitedForShortlyAndOneThatHangsIsAway() {
        jobManager.refuseWith(503);
        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.JOBMANAGER_AWAITED);
        assertThat(server.annotation("tm-1", RECORD)).contains("jobManagerAwaySince");
        jobManager.refuseWith(0);
        clock.pass(Duration.ofSeconds(5));
        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVING);
        assertThat(server.annotation("tm-1", RECORD)).doesNotContain("jobManagerAwaySince");

        jobManager.hang(true);
        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.JOBMANAGER_AWAITED);
        clock.pass(Duration.ofSeconds(15));
        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.JOBMANAGER_AWAY);
        assertThat(guard.count("jobmanager-away")).isEqualTo(1);
    }

    @Test
    void jobManagerWithoutHoldfastHoldsNothingUp() {
        jobManager.withoutHoldfast();

        Answer answer = guard.evict("tm-1");

        assertThat(answer.cause()).isEqualTo(Cause.REFUSED);
        assertThat(server.annotation("tm-1", RECORD)).isEmpty();
    }

    @Test
    void jobManagerIsFoundByTheLabelAndTheTaskManagerByAnnotationOrAddress() {
        server.merge(FakeApiServer.pods("tm-1"), """
                {"metadata": {"annotations": {"holdfast.io/taskmanager-id": "resource-7"}}}""");
        jobManager.taskManager("resource-7", "10.0.0.7");
        guard.evict("tm-1");
        assertThat(jobManager.moving()).containsExactly("resource-7");
        jobManager.move("resource-7", "COMPLETED", "");

        server.pod("standalone-1", jobManager.url());
        jobManager.taskManager("10.0.0.9:6122-abc", "10.0.0.9");
        guard.evict("standalone-1");
        assertThat(jobManager.moving()).containsExactly("10.0.0.9:6122-abc");

        jobManager.move("10.0.0.9:6122-abc", "COMPLETED", "");
        server.pod("gone", jobManager.url());
        server.merge(FakeApiServer.pods("gone"), """
                {"metadata": {"annotations": {"holdfast.io/taskmanager-id": "not-registered"}}}""");
        assertThat(guard.evict("gone").cause()).isEqualTo(Cause.NO_TASKMANAGER);

        server.pod("stranger", jobManager.url());
        server.merge(FakeApiServer.pods("stranger"), "{\"status\": {\"podIP\": \"10.9.9.9\"}}");
        assertThat(guard.evict("stranger").cause()).isEqualTo(Cause.NO_TASKMANAGER);

        server.merge(FakeApiServer.pods("tm-2"), """
                {"metadata": {"labels": {"app": null}, "annotations": {"holdfast.io/jobmanager-url": null}}}""");
        assertThat(guard.evict("tm-2").cause()).isEqualTo(Cause.UNLOCATED);
        server.merge(FakeApiServer.pods("tm-2"), """
                {"metadata": {"annotations": {"holdfast.io/jobmanager-url": "file:///etc/passwd"}}}""");
        assertThat(guard.evict("tm-2").cause()).isEqualTo(Cause.UNLOCATED);
    }

    @Test
    void conflictsAreTriedAgainAndAnEvictionThatCannotBeRememberedIsAllowed() {
        server.conflictOnPatches(2);
        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVING);
        assertThat(server.annotation("tm-1", RECORD)).contains("underWay");
        assertThat(guard.meters.get("holdfast.guard.conflict").counter().count())
                .isEqualTo(2);
        jobManager.move("tm-1", "COMPLETED", "");

        server.conflictOnPatches(1000);
        assertThat(guard.evict("tm-2").cause()).isEqualTo(Cause.NOT_REMEMBERED);
        jobManager.move("tm-2", "COMPLETED", "");

        server.conflictOnPatches(0);
        server.forbid("patch pods");
        Answer forbidden = guard.evict("tm-3");
        assertThat(forbidden.cause()).isEqualTo(Cause.NOT_REMEMBERED);
        assertThat(forbidden.message()).contains("Allow the verb patch on pods");
    }

    @Test
    void missingPermissionsAllowAndAreTold() {
        server.forbid("get nodes");
        server.forbid("create events");
        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVING);

        server.forbid("get pods");
        Answer answer = guard.evict("tm-1");
        assertThat(answer.cause()).isEqualTo(Cause.FAILED);
        assertThat(answer.message()).contains("cannot get resource");
    }

    @Test
    void whatSomebodyElseWroteIntoTheRecordBeginsTheEvictionAnew() {
        server.merge(FakeApiServer.pods("tm-1"), """
                {"metadata": {"annotations": {"holdfast.io/eviction": "{\\"firstRequestedAt\\": \\"yesterday\\"}"}}}""");

        assertThat(guard.evict("tm-1").cause()).isEqualTo(Cause.MOVING);
        assertThat(server.annotation("tm-1", RECORD)).contains("\"firstRequestedAt\":\"2026-11-26T12:00:00Z\"");
    }

    private int patches() {
        return (int) server.requests().stream()
                .filter(request -> request.startsWith("PATCH"))
                .count();
    }
}
