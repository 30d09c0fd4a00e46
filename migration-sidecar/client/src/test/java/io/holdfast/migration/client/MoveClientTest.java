package io.holdfast.migration.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.migration.client.JobManagerException.Kind;
import io.holdfast.migration.client.MoveClient.Cancellation;
import io.holdfast.migration.client.MoveClient.Staying;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class MoveClientTest {
    private static final String ID = "0123456789abcdef0123456789abcdef";
    private static final MoveRequest REQUEST = new MoveRequest(List.of("tm-1"), "node drained", Duration.ofSeconds(30));

    private static final MoveRequest HANDING_OVER = new MoveRequest(
            REQUEST.taskManagers(),
            REQUEST.reason(),
            REQUEST.timeout(),
            REQUEST.scope(),
            REQUEST.expires(),
            Optional.of(new Handoff(URI.create("http://10.0.0.7:9621"), "s3cret")));

    private final MockWebServer first = new MockWebServer();
    private final MockWebServer second = new MockWebServer();
    private final AtomicLong nanos = new AtomicLong();
    private MoveClient client;

    @BeforeEach
    void start() throws Exception {
        first.start();
        second.start();
        client = client(first);
    }

    @AfterEach
    void stop() {
        client.close();
        first.close();
        second.close();
    }

    @Test
    void moveIsAskedForInTheWordsOfTheContract() throws Exception {
        first.enqueue(answer(202, view("RESERVING")));

        MoveView view = client.start(
                new MoveRequest(
                        List.of("tm-1", "tm-2"),
                        "spot notice",
                        Duration.ofSeconds(90),
                        MoveRequest.Scope.NODE,
                        Optional.of(Duration.ofMinutes(5))),
                "sidecar/pod-1",
                Duration.ZERO);

        RecordedRequest request = first.takeRequest();
        assertThat(request.getMethod()).isEqualTo("POST");
        assertThat(request.getUrl().encodedPath()).isEqualTo("/holdfast/moves");
        assertThat(request.getHeaders().get("Content-Type")).startsWith("application/json");
        assertThat(request.getBody().utf8())
                .isEqualTo(
                        "{\"taskmanagers\":[\"tm-1\",\"tm-2\"],\"requester\":\"sidecar/pod-1\","
                                + "\"reason\":\"spot notice\",\"timeout\":\"PT1M30S\",\"scope\":\"node\",\"expires\":\"PT5M\"}");
        assertThat(view.id()).isEqualTo(ID);
        assertThat(view.state()).isEqualTo(MoveState.RESERVING);
    }

    @Test
    void handoffIsSentAndItsTokenIsInNoText() throws Exception {
        first.enqueue(answer(202, view("RESERVING")));

        client.start(HANDING_OVER, "sidecar/pod", Duration.ZERO);

        assertThat(first.takeRequest().getBody().utf8())
                .endsWith(",\"handoff\":{\"url\":\"http://10.0.0.7:9621\",\"token\":\"s3cret\"}}");
        assertThat(client.handoffKnown()).isTrue();
        assertThat(HANDING_OVER.toString()).contains("http://10.0.0.7:9621").doesNotContain("s3cret");
    }

    @Test
    void olderJobManagerIsAskedOnceMoreWithoutTheHandoff() throws Exception {
        first.enqueue(
                answer(400, "{\"errors\": [\"\\\"handoff\\\" is no field of a move. Fields are deadline, reason\"]}"));
        first.enqueue(answer(202, view("RESERVING")));
        first.enqueue(answer(202, view("RESERVING")));

        assertThat(client.start(HANDING_OVER, "sidecar/pod", Duration.ofSeconds(5))
                        .id())
                .isEqualTo(ID);

        assertThat(first.takeRequest().getBody().utf8()).contains("handoff");
        assertThat(first.takeRequest().getBody().utf8())
                .doesNotContain("handoff")
                .containsPattern("\"timeout\":\"PT(30|29\\.9\\d*)S\"");
        assertThat(client.handoffKnown()).isFalse();
        client.start(HANDING_OVER, "sidecar/pod", Duration.ZERO);
        assertThat(first.takeRequest().getBody().utf8()).contains("handoff");
        assertThat(client.handoffKnown())
                .as("a newer one may have taken its place")
                .isTrue();
    }

    @Test
    void otherRefusalOfAMoveWithAHandoffIsNoReasonToAskAgain() {
        first.enqueue(answer(400, "{\"errors\": [\"\\\"handoff\\\" must have a url\"]}"));

        JobManagerException failure = failure(() -> client.start(HANDING_OVER, "sidecar/pod", Duration.ofSeconds(5)));

        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(first.getRequestCount()).isEqualTo(1);
    }

    @Test
    void everythingThatTheViewSaysIsRead() throws Exception {
        first.enqueue(answer(200, """
                {"id": "%s", "state": "SWITCHING", "reason": "r", "taskmanagers": ["tm-1"], "createdAt": 1000,
                 "deadlineAt": 31000, "step": "handover", "degradations": [
                   {"at": 1500, "from": "handover", "to": "checkpoint-and-restart", "why": "too slow"}],
                 "jobs": [{"job": "j", "state": "SWITCHING", "detail": "", "checkpoint": 7,
                   "transitions": [{"state": "RESERVING", "at": 1001}], "subtasks": [
                     {"vertex": "v", "vertexName": "map", "subtask": 2, "from": "tm-1", "to": "tm-2",
                      "attemptBefore": "a_0", "attemptAfter": "a_1", "stoppedAt": 1100, "deployedAt": 1200,
                      "runningAt": null, "later": {}}]}],
                 "leaving": [{"taskmanager": "tm-1", "until": 99}]}""".formatted(ID)));

        MoveView view = client.get(ID, Duration.ZERO);

        assertThat(view.state().cancellable()).isFalse();
        assertThat(view.deadlineAt()).hasValue(31000);
        assertThat(view.degradations()).extracting(MoveView.Degradation::to).containsExactly("checkpoint-and-restart");
        assertThat(view.subtasks()).isEqualTo(1);
        MoveView.Subtask subtask = view.jobs().get(0).subtasks().get(0);
        assertThat(subtask.stoppedAt()).hasValue(1100);
        assertThat(subtask.runningAt()).isEmpty();
        assertThat(subtask.to()).isEqualTo("tm-2");
    }

    @Test
    void stateOfANewerVersionIsUnderWay() throws Exception {
        first.enqueue(answer(200, view("PREWARMING")));

        assertThat(client.get(ID, Duration.ZERO).state()).isEqualTo(MoveState.OTHER);
        assertThat(MoveState.OTHER.ended()).isFalse();
    }

    @Test
    void timeoutThatIsSentShrinksWhileTheJobManagerIsAway() throws Exception {
        first.enqueue(answer(503, "{\"errors\": [\"no leader\"]}"));
        first.enqueue(answer(202, view("RESERVING")));

        client.start(REQUEST, "sidecar/pod", Duration.ofSeconds(10));

        assertThat(first.takeRequest().getBody().utf8()).contains("\"timeout\":\"PT30S\"");
        assertThat(first.takeRequest().getBody().utf8()).containsPattern("\"timeout\":\"PT29\\.9\\d*S\"");
    }

    @ParameterizedTest
    @ValueSource(ints = {307, 429, 500, 503})
    void serverThatCannotNowIsAskedAgain(int code) throws Exception {
        first.enqueue(new MockResponse.Builder()
                .code(code)
                .addHeader("Location", second.url("/").toString())
                .body("later")
                .build());
        first.enqueue(answer(202, view("RESERVING")));

        assertThat(client.start(REQUEST, "sidecar/pod", Duration.ofSeconds(1)).id())
                .isEqualTo(ID);
        assertThat(second.getRequestCount()).isZero();
    }

    @Test
    void brokenConnectionAndPageOfSomebodyElseCountAsAway() throws Exception {
        first.enqueue(new MockResponse.Builder()
                .onRequestStart(SocketEffect.ShutdownConnection.INSTANCE)
                .build());
        first.enqueue(answer(200, "<html>Log in</html>"));
        first.enqueue(answer(202, view("RESERVING")));

        assertThat(client.start(REQUEST, "sidecar/pod", Duration.ofSeconds(5)).id())
                .isEqualTo(ID);
    }

    @Test
    void jobManagerThatIsNotThereIsAwayWhenTheBudgetIsUsed() {
        first.close();

        JobManagerException failure = failure(() -> client.start(REQUEST, "sidecar/pod", Duration.ofSeconds(20)));

        assertThat(failure.kind()).isEqualTo(Kind.AWAY);
        assertThat(failure).hasMessageContaining("Look at the address.");
        assertThat(Duration.ofNanos(nanos.get())).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(21));
    }

    @Test
    void slowJobManagerIsAwayAfterTheCallTimeout() {
        first.enqueue(new MockResponse.Builder()
                .headersDelay(20, java.util.concurrent.TimeUnit.SECONDS)
                .build());

        JobManagerException failure;
        try (MoveClient impatient = new MoveClient(
                List.of(URI.create(first.url("/").toString())),
                Duration.ofMillis(300),
                "",
                nanos::get,
                nanos::addAndGet)) {
            failure = failure(() -> impatient.start(REQUEST, "sidecar/pod", Duration.ZERO));
        }

        assertThat(failure.kind()).isEqualTo(Kind.AWAY);
        assertThat(failure).hasMessageContaining("no answer in time");
    }

    @Test
    void standbyIsAskedInTheSameRoundAndIsTheFirstOfTheNext() throws Exception {
        try (MoveClient both = client(first, second)) {
            first.enqueue(answer(503, "{\"errors\": [\"no leader\"]}"));
            second.enqueue(answer(202, view("RESERVING")));
            second.enqueue(answer(200, view("COMPLETED")));

            both.start(REQUEST, "sidecar/pod", Duration.ZERO);
            both.get(ID, Duration.ZERO);

            assertThat(first.getRequestCount()).isEqualTo(1);
            assertThat(second.getRequestCount()).isEqualTo(2);
        }
    }

    @Test
    void refusalHasFlinksWords() {
        first.enqueue(answer(400, "{\"errors\": [\"tm-1 is no TaskManager\\n\\tat Stack.trace\"]}"));

        JobManagerException failure = failure(() -> client.start(REQUEST, "sidecar/pod", Duration.ofMinutes(1)));

        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(failure).hasMessageContaining("HTTP 400: tm-1 is no TaskManager.");
        assertThat(nanos).hasValue(0);
    }

    @Test
    void jobManagerWithoutHoldfastIsToldFromAForgottenMove() {
        first.enqueue(answer(404, "{\"errors\": [\"Not found: /holdfast/moves\"]}"));
        first.enqueue(answer(404, "{\"errors\": [\"Move not found\"]}"));

        assertThat(failure(() -> client.start(REQUEST, "sidecar/pod", Duration.ofMinutes(1)))
                        .kind())
                .isEqualTo(Kind.WITHOUT_MOVES);
        assertThat(failure(() -> client.get(ID, Duration.ofMinutes(1))).kind()).isEqualTo(Kind.UNKNOWN_MOVE);
    }

    @ParameterizedTest
    @CsvSource({
        "202, sidecar/pod 1, CANCELLED",
        "200, guard/pod-2, WANTED_BY_OTHERS",
        "409, x, TOO_LATE",
        "404, x, UNKNOWN"
    })
    void cancellationSaysWhatBecameOfIt(int code, String requester, Cancellation expected) throws Exception {
        first.enqueue(answer(
                code,
                code < 300
                        ? "{\"id\": \"%s\", \"state\": \"ARMING\", \"requesters\": [\"%s\"]}".formatted(ID, requester)
                        : "{\"errors\": [\"x\"]}"));

        assertThat(client.cancel(ID, "sidecar/pod 1", Duration.ZERO)).isEqualTo(expected);
        RecordedRequest request = first.takeRequest();
        assertThat(request.getMethod()).isEqualTo("DELETE");
        assertThat(request.getUrl().queryParameter("requester")).isEqualTo("sidecar/pod 1");
    }

    @ParameterizedTest
    @CsvSource({"200, STAYS", "409, MOVING", "404, NOT_LEAVING"})
    void stayingIsSaidOfOneTaskManagerByOne(int code, Staying expected) throws Exception {
        first.enqueue(answer(code, "{\"leaving\": []}"));

        assertThat(client.stay("10.0.0.7:6122-ab/c", "sidecar/pod&1", Duration.ZERO))
                .isEqualTo(expected);

        RecordedRequest request = first.takeRequest();
        assertThat(request.getMethod()).isEqualTo("DELETE");
        assertThat(request.getUrl().pathSegments()).containsExactly("holdfast", "leaving", "10.0.0.7:6122-ab/c");
        assertThat(request.getUrl().queryParameter("requester")).isEqualTo("sidecar/pod&1");
    }

    @Test
    void requesterIsAsLongAsTheJobManagerLetsItBe() {
        assertThat(MoveClient.requester("guard", "pod-1")).isEqualTo("guard/pod-1");
        assertThat(MoveClient.requester("guard", "x".repeat(253) + "-uid"))
                .hasSize(200)
                .startsWith("guard/x")
                .endsWith("x-uid");
    }

    @Test
    void endIsWaitedForThroughAJobManagerThatIsAwayForAMoment() throws Exception {
        List<MoveState> seen = new ArrayList<>();
        first.enqueue(answer(200, view("RESERVING")));
        first.enqueue(answer(200, view("RESERVING")));
        first.enqueue(answer(503, "{}"));
        first.enqueue(answer(200, view("SWITCHING")));
        first.enqueue(answer(200, view("COMPLETED")));

        MoveView last = client.awaitEnd(ID, Duration.ofSeconds(30), view -> seen.add(view.state()));

        assertThat(last.state()).isEqualTo(MoveState.COMPLETED);
        assertThat(seen).containsExactly(MoveState.RESERVING, MoveState.SWITCHING, MoveState.COMPLETED);
    }

    @Test
    void endThatDoesNotComeIsWaitedForAsLongAsTheBudget() throws Exception {
        for (int i = 0; i < 100; i++) {
            first.enqueue(answer(200, view("CHECKPOINTING")));
        }

        MoveView last = client.awaitEnd(ID, Duration.ofSeconds(10), view -> {});

        assertThat(last.state()).isEqualTo(MoveState.CHECKPOINTING);
        assertThat(nanos.get()).isBetween(10_000_000_000L, 10_100_000_000L);
        assertThat(first.getRequestCount()).as("100 ms for 5 s, then 250 ms").isBetween(68, 73);
    }

    @Test
    void interruptEndsACall() {
        first.enqueue(new MockResponse.Builder()
                .headersDelay(20, java.util.concurrent.TimeUnit.SECONDS)
                .build());
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> client.get(ID, Duration.ofMinutes(1))).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void basePathOfAnIngressIsKept() throws Exception {
        try (MoveClient behind = new MoveClient(
                List.of(URI.create(first.url("/jobs/").toString())),
                Duration.ofSeconds(10),
                "",
                nanos::get,
                nanos::addAndGet)) {
            first.enqueue(
                    answer(200, "{\"taskmanagers\": [{\"id\": \"tm-1\", \"path\": \"pekko.tcp://flink@h:1/x\"}]}"));

            assertThat(behind.taskManagers(Duration.ZERO))
                    .containsExactly(new RegisteredTaskManager("tm-1", "pekko.tcp://flink@h:1/x", false));
            assertThat(first.takeRequest().getUrl().encodedPath()).isEqualTo("/jobs/taskmanagers");
        }
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "tm-1, 10.0.0.9, tm-1",
                "pod-x, 10.0.0.2, 10.0.0.2:1-ab",
                "pod-x, fd00::5, six",
                "pod-y, '', by-name",
                "pod-x, 10.0.0.3, -",
                "pod-x, '', -",
                "pod-x, 10.0.0.20, -"
            })
    void taskManagerOfAPodIsFoundByNameOrAddress(String name, String ip, String expected) {
        List<RegisteredTaskManager> listed = List.of(
                new RegisteredTaskManager("tm-1", "pekko.tcp://flink@10.0.0.1:6122/user/rpc/taskmanager_0", false),
                new RegisteredTaskManager(
                        "10.0.0.2:1-ab", "pekko.tcp://flink@10.0.0.2:6122/user/rpc/taskmanager_0", false),
                new RegisteredTaskManager("six", "pekko.ssl.tcp://flink@[fd00::5]:6122/user/rpc/taskmanager_0", false),
                new RegisteredTaskManager("by-name", "pekko.tcp://flink@pod-y.jobs:6122/user/rpc/taskmanager_0", false),
                new RegisteredTaskManager("a", "pekko.tcp://flink@10.0.0.3:6122/user/rpc/taskmanager_0", false),
                new RegisteredTaskManager("b", "pekko.tcp://flink@10.0.0.3:6123/user/rpc/taskmanager_0", false));

        assertThat(MoveClient.ofPod(listed, name, ip).map(RegisteredTaskManager::id))
                .isEqualTo(Optional.ofNullable(expected));
    }

    @Test
    void addressThatIsNoneIsRefused() {
        assertThatThrownBy(() -> new MoveClient(List.of(URI.create("jobs-rest:8081")), Duration.ofSeconds(1), ""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("write one like http://jobs-rest:8081");
        assertThatThrownBy(() -> new MoveClient(List.of(), Duration.ofSeconds(1), ""))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** Time passes only in pauses. */
    private MoveClient client(MockWebServer... servers) {
        List<URI> addresses = new ArrayList<>();
        for (MockWebServer server : servers) {
            addresses.add(URI.create(server.url("/").toString()));
        }
        return new MoveClient(addresses, Duration.ofSeconds(10), "Look at the address.", nanos::get, nanos::addAndGet);
    }

    private interface Asking {
        void run() throws InterruptedException;
    }

    private static JobManagerException failure(Asking asking) {
        return catchThrowableOfType(JobManagerException.class, asking::run);
    }

    private static MockResponse answer(int code, String body) {
        return new MockResponse.Builder().code(code).body(body).build();
    }

    private static String view(String state) {
        return "{\"id\": \"%s\", \"state\": \"%s\"}".formatted(ID, state);
    }
}
