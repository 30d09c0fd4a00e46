package io.holdfast.guard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.guard.decide.Cause;
import io.holdfast.testing.Eventually;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Evictions that are objects, at an API server that checks what is reported as Kubernetes 1.37 does. */
@Timeout(60)
class ResponderTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String GUARD = "holdfast.io/eviction-guard";
    private static final String RECORD = "holdfast.io/eviction";

    private final ManualClock clock = new ManualClock();
    private final FakeApiServer server = new FakeApiServer();
    private final FakeJobManager jobManager = new FakeJobManager().taskManager("tm-1", "10.0.0.1");
    private final Assembled guard = new Assembled(server, clock, 1);

    @BeforeEach
    void begin() {
        server.clock(clock);
        server.pod("tm-1", jobManager.url());
        guard.evictDry("tm-1"); // what a first call takes longer for does not count
        guard.housekeeping.start();
        guard.responder.start();
    }

    @AfterEach
    void endAll() {
        guard.close();
        jobManager.close();
        server.close();
    }

    @Test
    void evictionMovesTheTasksIsReportedOfAndThenGoesOn() {
        server.eviction("e-1", "tm-1", GUARD);

        awaitMessage("e-1", "RESERVING");
        assertThat(jobManager.asked().get(0).path("reason").asText())
                .isEqualTo("eviction of pod jobs/tm-1 by karpenter.sh/drain");
        JsonNode first = server.report("e-1");
        assertThat(first.path("heartbeatTime").asText()).isEqualTo("2026-11-26T12:00:00Z");
        assertThat(first.path("expectedCompletionTime").asText()).isEqualTo("2026-11-26T12:02:00Z");
        assertThat(first.has("completionTime")).isFalse();

        jobManager.move("tm-1", "CHECKPOINTING", "");
        clock.pass(Duration.ofSeconds(20));
        awaitMessage("e-1", "CHECKPOINTING");
        assertThat(server.report("e-1").path("heartbeatTime").asText()).isEqualTo("2026-11-26T12:00:20Z");
        jobManager.move("tm-1", "COMPLETED", "");
        clock.pass(Duration.ofSeconds(2));

        awaitMessage("e-1", "No tasks are left in this pod");
        assertThat(server.report("e-1").path("completionTime").asText()).isEqualTo("2026-11-26T12:00:22Z");
        assertThat(jobManager.states()).containsExactly("COMPLETED");
        assertThat(guard.evict("tm-1").cause()).as("by the responder after it").isEqualTo(Cause.MOVED);
        assertThat(server.get(FakeApiServer.evictions("e-1"))
                        .at("/status/responders/1")
                        .size())
                .as("of another, who has not reported")
                .isEqualTo(1);
        assertThat(Stream.concat(FakeApiServer.RBAC.stream(), FakeApiServer.RBAC_OF_EVICTION_REQUESTS.stream()))
                .containsAll(server.used());
    }

    @Test
    void canceledEvictionTakesTheMoveBackAtOnce() {
        server.cordon(true); // for whatever else
        server.eviction("e-1", "tm-1", GUARD);
        awaitMessage("e-1", "RESERVING");

        server.turn("e-1", "Canceled");

        Eventually.until(PATIENCE, () -> assertThat(jobManager.states()).containsExactly("CANCELLED"));
        Eventually.until(
                PATIENCE, () -> assertThat(server.annotation("tm-1", RECORD)).isEmpty());
    }

    @Test
    void deletedEvictionTakesTheMoveBackToo() {
        server.eviction("e-1", "tm-1", GUARD);
        awaitMessage("e-1", "RESERVING");

        server.delete(FakeApiServer.evictions("e-1"));

        Eventually.until(PATIENCE, () -> assertThat(jobManager.states()).containsExactly("CANCELLED"));
    }

    @Test
    void evictionThatWasCanceledBeforeCallsNothingOff() {
        server.eviction("e-0", "tm-1", GUARD);
        server.turn("e-0", "Canceled");
        server.eviction("e-1", "tm-1", GUARD);
        awaitMessage("e-1", "RESERVING");
        clock.pass(Duration.ofSeconds(25));
        jobManager.move("tm-1", "ARMING", "");

        awaitMessage("e-1", "ARMING");
        assertThat(jobManager.states()).containsExactly("ARMING");
    }

    @Test
    void evictionOfOtherRespondersIsNotTouched() {
        server.eviction("e-0", "tm-1", "acme.io/responder");
        server.pod("tm-2", jobManager.url());
        jobManager.taskManager("tm-2", "10.0.0.2");
        server.eviction("e-1", "tm-2", GUARD);

        awaitMessage("e-1", "RESERVING");
        assertThat(jobManager.moving()).containsExactly("tm-2");
        assertThat(server.report("e-0").has("heartbeatTime")).isFalse();
    }

    @Test
    void podThatIsAnotherOneOrNotGuardedIsLeftToTheNextResponder() {
        server.eviction("e-1", "tm-1", GUARD);
        awaitMessage("e-1", "RESERVING");
        server.pod("tm-1", jobManager.url()); // another of the same name
        clock.pass(Duration.ofSeconds(2));
        awaitMessage("e-1", "The pod is gone");
        assertThat(server.report("e-1").has("completionTime")).isTrue();

        server.put(FakeApiServer.pods("other"), "{\"status\": {\"phase\": \"Running\", \"podIP\": \"10.0.0.8\"}}");
        server.eviction("e-2", "other", GUARD);
        awaitMessage("e-2", "The pod is not guarded");
        assertThat(server.report("e-2").has("completionTime")).isTrue();
    }

    @Test
    void failedMoveIsReportedAndTriedAgain() {
        server.eviction("e-1", "tm-1", GUARD);
        awaitMessage("e-1", "RESERVING");
        jobManager.move("tm-1", "FAILED", "no slot is free");
        clock.pass(Duration.ofSeconds(20));
        awaitMessage("e-1", "no slot is free");

        clock.pass(Duration.ofSeconds(2));

        Eventually.until(PATIENCE, () -> assertThat(jobManager.states()).containsExactly("FAILED", "RESERVING"));
    }

    @Test
    void anotherReplicaGoesOnWhereTheFirstHasEnded() {
        server.eviction("e-1", "tm-1", GUARD);
        awaitMessage("e-1", "RESERVING");
        guard.leads = false;
        jobManager.move("tm-1", "SWITCHING", "");
        clock.pass(Duration.ofSeconds(60));

        try (Assembled other = new Assembled(server, clock, 1)) {
            other.responder.start();
            awaitMessage("e-1", "SWITCHING");
        }
        assertThat(jobManager.asked()).hasSize(1);
    }

    @Test
    void apiThatComesLaterIsWaitedFor() {
        server.withoutEvictions(true);
        server.endWatches();
        server.eviction("e-1", "tm-1", GUARD);
        try (Assembled other = new Assembled(server, clock, 1)) {
            guard.leads = false;
            other.responder.start();
            Eventually.until(
                    PATIENCE, () -> assertThat(server.requests()).anyMatch(request -> request.endsWith("/evictions")));
            server.withoutEvictions(false);

            awaitMessage("e-1", "RESERVING");
        }
    }

    private void awaitMessage(String eviction, String text) {
        Eventually.until(
                PATIENCE,
                () -> assertThat(server.report(eviction).path("message").asText())
                        .contains(text));
    }
}
