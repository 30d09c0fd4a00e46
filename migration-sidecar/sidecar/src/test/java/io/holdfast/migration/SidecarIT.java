package io.holdfast.migration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.holdfast.base.ExitCode;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.FreePort;
import io.holdfast.testing.kubernetes.FakeApiServer;
import io.holdfast.testing.quarkus.ProgramProcess;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The built program in a process of its own, with a JobManager, an API server and a cloud that do as they are told. */
@Timeout(180)
class SidecarIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int KILLED_BY_SIGTERM = 143;
    private static final String ID = "0123456789abcdef".repeat(2);
    private static final String TAINTED =
            "{\"spec\": {\"taints\": [{\"key\": \"karpenter.sh/disrupted\", \"effect\": \"NoSchedule\"}]}}";

    @TempDir
    private Path directory;

    private final Map<String, String> variables = new HashMap<>();
    private final List<ProgramProcess> processes = new ArrayList<>();
    private final int port = FreePort.any();
    private FakeJobManager jobManager;
    private FakeApiServer server;

    @BeforeEach
    void prepare() {
        jobManager =
                new FakeJobManager().register(FakeApiServer.POD, "10.0.0.1").register("other", "10.0.0.2");
        server = new FakeApiServer("4Gi");
        variables.put("HOLDFAST_MIGRATION_JOBMANAGER_URL", jobManager.url());
        variables.put("HOLDFAST_MIGRATION_POD", FakeApiServer.POD);
        variables.put("HOLDFAST_MIGRATION_LISTEN", "127.0.0.1:" + port);
        variables.put(
                "HOLDFAST_MIGRATION_TERMINATION_MESSAGE_FILE",
                directory.resolve("last-words").toString());
    }

    @AfterEach
    void endAll() {
        processes.forEach(ProgramProcess::close);
        jobManager.close();
        server.close();
    }

    @Test
    void hookIsAnsweredWhenTheTasksHaveLeftAndTheSignalAfterItEndsAtOnce() throws Exception {
        ProgramProcess sidecar = ready();

        CompletableFuture<HttpResponse<String>> hook = drain(sidecar, "GET");
        awaitMove();
        assertThat(hook).isNotDone();
        jobManager.bring("SWITCHING", "");
        jobManager.bring("COMPLETED", "");

        JsonObject answer = new JsonObject(hook.get().body());
        assertThat(hook.get().statusCode()).isEqualTo(200);
        assertThat(answer.getString("outcome")).as("%s", sidecar).isEqualTo("moved");
        assertThat(answer.getInteger("subtasks")).isEqualTo(1);
        assertThat(jobManager.wishes()).singleElement().satisfies(wish -> {
            assertThat(wish.at("/taskmanagers/0").asText()).isEqualTo(FakeApiServer.POD);
            assertThat(wish.path("scope").asText()).isEqualTo("taskmanager");
            assertThat(Duration.parse(wish.path("timeout").asText()))
                    .isBetween(Duration.ofSeconds(20), Duration.ofSeconds(25));
            assertThat(Duration.parse(wish.path("expires").asText())).isEqualTo(Duration.ofMinutes(5));
        });
        assertThat(sidecar.request("GET", "/q/metrics").body())
                .contains("holdfast_migration_move_seconds_count{outcome=\"moved\"} 1")
                .contains("holdfast_migration_notice_total{cause=\"hook\"} 1.0")
                .contains("holdfast_migration_empty 1.0");

        jobManager.unregister(FakeApiServer.POD); // as the signal comes when Flink has ended
        long begin = System.nanoTime();
        sidecar.terminate();
        assertThat(sidecar.exitCode()).isEqualTo(KILLED_BY_SIGTERM);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
    }

    @Test
    void hookThatTheHowToHasIsHeldToo() throws Exception {
        ready();
        String page = Files.readString(Path.of("../../docs/how-to/move-tasks-off-a-node.md"));
        String command = page.substring(page.indexOf("- >-\n") + 5, page.indexOf("```", page.indexOf("- >-")))
                .replaceAll("\\s*\n\\s*", " ")
                .strip()
                .replace("/9620", "/" + port);

        Process hook = new ProcessBuilder("bash", "-c", command)
                .redirectErrorStream(true)
                .start();
        awaitMove();
        assertThat(hook.isAlive()).isTrue();
        jobManager.bring("COMPLETED", "");

        assertThat(new String(hook.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("200 OK", "\"outcome\":\"moved\"");
        assertThat(hook.waitFor()).isZero();
    }

    @Test
    void signalIsHeldUntilTheTasksHaveLeft() throws Exception {
        ProgramProcess sidecar = ready();

        sidecar.terminate();
        awaitMove();
        assertThat(sidecar.request("GET", "/status").body()).contains("told to end");
        CompletableFuture<HttpResponse<String>> hook =
                drain(sidecar, "GET"); // of a container that got the signal as well
        Eventually.until(PATIENCE, () -> assertThat(jobManager.wishes()).hasSize(2));
        assertThat(sidecar.alive()).isTrue();
        jobManager.bring("COMPLETED", "");

        assertThat(new JsonObject(hook.get().body()).getString("outcome")).isEqualTo("moved");
        assertThat(sidecar.exitCode()).isEqualTo(KILLED_BY_SIGTERM);
        assertThat(sidecar.out()).contains("End let go: cause=signal outcome=moved");
    }

    @Test
    void everyEndIsLetGoWhenTheBudgetIsUsed() throws Exception {
        variables.put("HOLDFAST_MIGRATION_BUDGET", "3s");
        ProgramProcess sidecar = ready();
        long begin = System.nanoTime();

        HttpResponse<String> answer = sidecar.request("POST", "/drain");

        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(6));
        assertThat(new JsonObject(answer.body()).getString("outcome")).isIn("budget-used", "given-up");
        sidecar.terminate();
        assertThat(sidecar.exitCode()).isEqualTo(KILLED_BY_SIGTERM);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(12));
    }

    @Test
    void jobManagerThatComesBackInTimeIsAskedThen() throws Exception {
        jobManager.die();
        ProgramProcess sidecar = ready();
        CompletableFuture<HttpResponse<String>> hook = drain(sidecar, "POST");
        Eventually.until(PATIENCE, () -> assertThat(sidecar.out()).contains("JobManager did not help: cause=away"));

        jobManager.comeBack();

        awaitMove();
        jobManager.bring("COMPLETED", "");
        assertThat(new JsonObject(hook.get().body()).getString("outcome")).isEqualTo("moved");
    }

    @Test
    void jobManagerThatIsReplacedDuringTheMoveIsAskedAgain() throws Exception {
        ProgramProcess sidecar = ready();
        CompletableFuture<HttpResponse<String>> hook = drain(sidecar, "POST");
        awaitMove();
        String first = jobManager.moves().get(0);

        jobManager.die();
        jobManager.comeBack();

        Eventually.until(
                PATIENCE, () -> assertThat(jobManager.moves()).hasSize(1).doesNotContain(first));
        jobManager.bring("COMPLETED", "");
        assertThat(new JsonObject(hook.get().body()).getString("outcome")).isEqualTo("moved");
    }

    @Test
    void jobManagersThatDoNotHelpLetGoAtOnceOrAreAskedAgain() throws Exception {
        jobManager.withoutHoldfast();
        ProgramProcess sidecar = ready();

        HttpResponse<String> without = sidecar.request("POST", "/drain");

        assertThat(new JsonObject(without.body()).getString("outcome")).isEqualTo("given-up");
        assertThat(without.body()).contains("put this version's holdfast-flink jar there");

        jobManager.answerAlways(307);
        CompletableFuture<HttpResponse<String>> hook = drain(sidecar, "POST");
        Eventually.until(PATIENCE, () -> assertThat(sidecar.out()).contains("HTTP 307 to /elsewhere"));
        jobManager.answerAlways(400);
        assertThat(new JsonObject(hook.get().body()).getString("outcome")).isEqualTo("given-up");
    }

    @Test
    void failedMoveIsAskedForAgain() throws Exception {
        ProgramProcess sidecar = inCluster();
        CompletableFuture<HttpResponse<String>> hook = drain(sidecar, "POST");
        awaitMove();

        jobManager.bring("FAILED", "no slot is free");

        Eventually.until(PATIENCE, () -> assertThat(jobManager.moves()).hasSize(2));
        jobManager.bring("COMPLETED", "");
        assertThat(new JsonObject(hook.get().body()).getString("outcome")).isEqualTo("moved");
        Eventually.until(PATIENCE, () -> assertThat(events()).containsSubsequence("MoveBegun", "MoveFailed", "Moved"));
    }

    @Test
    void taintStartsTheMoveAndItsRemovalCancelsIt() throws Exception {
        ProgramProcess sidecar = inCluster();
        Eventually.until(PATIENCE, () -> assertThat(server.watches()).isEqualTo(2));

        server.changeNode(TAINTED);
        awaitMove();
        assertThat(jobManager.wishes().get(0).path("scope").asText()).isEqualTo("node");
        assertThat(jobManager.wishes().get(0).path("requester").asText()).isEqualTo("sidecar/" + FakeApiServer.POD);
        assertThat(jobManager.wishes().get(0).path("reason").asText())
                .isEqualTo("node node-1 has the taint karpenter.sh/disrupted:NoSchedule");
        server.changeNode("{\"spec\": {\"taints\": []}}");

        Eventually.until(
                PATIENCE,
                () -> assertThat(jobManager.state(jobManager.moves().get(0))).isEqualTo("CANCELLED"));
        Eventually.until(PATIENCE, () -> assertThat(phase(sidecar)).isEqualTo("quiet"));
        Eventually.until(PATIENCE, () -> assertThat(events()).contains("MoveCancelled"));
        assertThat(jobManager.moves()).hasSize(1);
    }

    @Test
    void annotationThatIsRemovedTooLateCancelsNothing() throws Exception {
        ProgramProcess sidecar = inCluster();
        Eventually.until(PATIENCE, () -> assertThat(server.watches()).isEqualTo(2));
        server.change("""
                {"metadata": {"annotations": {"scheduling.koordinator.sh/soft-eviction":
                  "{\\"initiator\\": \\"descheduler\\", \\"reason\\": \\"node is hot\\"}"}}}""");
        awaitMove();
        assertThat(jobManager.wishes().get(0).path("reason").asText()).endsWith("soft-eviction: node is hot");

        jobManager.bring("SWITCHING", "");
        server.change("{\"metadata\": {\"annotations\": null}}");
        Eventually.until(PATIENCE, () -> assertThat(sidecar.out()).contains("Notice withdrawn: cause=pod-annotation"));
        jobManager.bring("COMPLETED", "");

        Eventually.until(PATIENCE, () -> assertThat(sidecar.out()).contains("outcome=moved"));
        assertThat(jobManager.state(jobManager.moves().get(0))).isEqualTo("COMPLETED");
        Eventually.until(
                PATIENCE,
                () -> assertThat(jobManager.stays())
                        .containsExactly("%s requester=sidecar/%1$s".formatted(FakeApiServer.POD)));
        Eventually.until(PATIENCE, () -> assertThat(sidecar.out()).contains("TaskManager stays:"));
    }

    @Test
    void deletionOfThePodGivesTheDeadlineAndItsHookJoinsTheMove() throws Exception {
        ProgramProcess sidecar = inCluster();
        Eventually.until(PATIENCE, () -> assertThat(server.watches()).isEqualTo(2));

        server.change("{\"metadata\": {\"deletionTimestamp\": \"%s\", \"deletionGracePeriodSeconds\": 30}}"
                .formatted(Instant.now().plusSeconds(15).truncatedTo(ChronoUnit.SECONDS)));
        awaitMove();
        assertThat(Duration.parse(jobManager.wishes().get(0).path("timeout").asText()))
                .isBetween(Duration.ofSeconds(6), Duration.ofSeconds(12));
        CompletableFuture<HttpResponse<String>> hook = drain(sidecar, "GET");
        Eventually.until(PATIENCE, () -> assertThat(jobManager.wishes()).hasSize(2));
        jobManager.bring("COMPLETED", "");

        assertThat(new JsonObject(hook.get().body()).getString("outcome")).isEqualTo("moved");
        assertThat(jobManager.moves()).hasSize(1);
    }

    @Test
    void changesAreHeardAfterWatchesThatWereDroppedAndForgotten() throws Exception {
        inCluster();
        Eventually.until(PATIENCE, () -> assertThat(server.watches()).isEqualTo(2));
        server.dropWatches();
        server.forget();
        server.expireWatches();

        server.changeNode(TAINTED);

        awaitMove();
    }

    @Test
    void missingPermissionsAreToldAndCostOnlyWhatTheyAllow() throws Exception {
        server.forbid("get nodes");
        server.forbid("watch pods");
        server.forbid("create events");
        ProgramProcess sidecar = inCluster();
        Eventually.until(
                PATIENCE,
                () -> assertThat(sidecar.out())
                        .contains("Allow the verbs get and watch on nodes")
                        .contains("Pod is read every 10 s, and not watched"));

        server.change(
                "{\"metadata\": {\"annotations\": {\"descheduler.alpha.kubernetes.io/eviction-requested\": \"\"}}}");

        awaitMove();
        jobManager.bring("COMPLETED", "");
        Eventually.until(PATIENCE, () -> assertThat(sidecar.out()).contains("Event not written"));
    }

    @Test
    void jobManagerIsFoundByTheAnnotationOfThePod() throws Exception {
        server.change("{\"metadata\": {\"annotations\": {\"holdfast.io/jobmanager-url\": \"%s\"}}}"
                .formatted(jobManager.url()));
        variables.remove("HOLDFAST_MIGRATION_JOBMANAGER_URL");
        ProgramProcess sidecar = inCluster();

        drain(sidecar, "POST");

        awaitMove();
    }

    @Test
    void cloudThatTakesTheMachineIsHeardAndMayChangeItsMind() throws Exception {
        HttpServer cloud = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        List<String> preempted = new ArrayList<>(List.of("FALSE"));
        cloud.createContext("/computeMetadata/v1/instance/", exchange -> {
            boolean asked = "Google".equals(exchange.getRequestHeaders().getFirst("Metadata-Flavor"));
            String answer = exchange.getRequestURI().getPath().endsWith("preempted") ? preempted.get(0) : "NONE";
            exchange.sendResponseHeaders(asked ? 200 : 403, answer.length());
            exchange.getResponseBody().write(answer.getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        cloud.start();
        try {
            variables.put("HOLDFAST_MIGRATION_CLOUD", "gcp");
            variables.put("HOLDFAST_MIGRATION_POLL", "500ms");
            variables.put(
                    "HOLDFAST_MIGRATION_GCP_URL",
                    "http://127.0.0.1:" + cloud.getAddress().getPort());
            ready();

            preempted.set(0, "TRUE");
            awaitMove();
            assertThat(Duration.parse(jobManager.wishes().get(0).path("timeout").asText()))
                    .isBetween(Duration.ofSeconds(20), Duration.ofSeconds(27));
            preempted.set(0, "FALSE");

            Eventually.until(
                    PATIENCE,
                    () -> assertThat(jobManager.state(jobManager.moves().get(0)))
                            .isEqualTo("CANCELLED"));
        } finally {
            cloud.stop(0);
        }
    }

    @Test
    void tokenIsAskedForOfAllButHealthAndMetrics() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "one\n");
        variables.put("HOLDFAST_MIGRATION_TOKEN_FILE", token.toString());
        ProgramProcess sidecar = ready();

        assertThat(sidecar.request("GET", "/drain").statusCode()).isEqualTo(401);
        assertThat(sidecar.request("GET", "/status", "Authorization", "Bearer two")
                        .statusCode())
                .isEqualTo(401);
        assertThat(sidecar.request("GET", "/status", "Authorization", "Bearer one")
                        .statusCode())
                .isEqualTo(200);
        assertThat(sidecar.request("GET", "/q/metrics").statusCode()).isEqualTo(200);
        assertThat(jobManager.moves()).isEmpty();
    }

    @Test
    void stateIsServedToThoseThatTheJobManagerHasTold() throws Exception {
        Path checkpoint = Files.createDirectories(directory.resolve(
                "flink/localState_%s/aid_%s/jid_%s/vtx_%s_sti_0/chk_5".formatted(FakeApiServer.POD, ID, ID, ID)));
        Files.write(checkpoint.resolve("_task_state_snapshot"), new byte[32]);
        variables.put(
                "HOLDFAST_MIGRATION_STATE_DIRECTORIES",
                directory.resolve("flink").toString());
        variables.put("HOLDFAST_MIGRATION_STATE_LISTEN", "127.0.0.1:0");
        ProgramProcess sidecar = ready();

        drain(sidecar, "POST");
        awaitMove();
        JsonNode handoff = jobManager.wishes().get(0).path("handoff");
        String path = handoff.path("url").asText() + "/state/%1$s/%1$s/%1$s/0/5".formatted(ID);

        assertThat(get(path, handoff.path("token").asText()).body())
                .isEqualTo("{\"files\":[{\"path\":\"_task_state_snapshot\",\"bytes\":32,\"crc32c\":\"8a9136aa\"}]}");
        assertThat(get(
                                path + "/files/_task_state_snapshot",
                                handoff.path("token").asText())
                        .body())
                .hasSize(32);
        assertThat(get(path, "guessed").statusCode()).isEqualTo(401);
        assertThat(sidecar.request("GET", "/q/metrics").body())
                .contains("holdfast_migration_state_answer_total{outcome=\"sent\"} 1.0")
                .contains("holdfast_migration_state_answer_total{outcome=\"unauthorized\"} 1.0")
                .contains("holdfast_migration_state_sent_bytes_total 32.0")
                .contains("holdfast_migration_state_checksum_total 1.0");
        assertThat(sidecar.toString())
                .contains("State served: ")
                .contains("State listed: ")
                .doesNotContain(handoff.path("token").asText());
        jobManager.bring("COMPLETED", "");
    }

    @Test
    void olderJobManagerMovesWithoutState() throws Exception {
        variables.put(
                "HOLDFAST_MIGRATION_STATE_DIRECTORIES",
                directory.resolve("later").toString());
        variables.put("HOLDFAST_MIGRATION_STATE_LISTEN", "127.0.0.1:0");
        jobManager.withoutHandoffs();
        ProgramProcess sidecar = ready();

        CompletableFuture<HttpResponse<String>> hook = drain(sidecar, "POST");
        awaitMove();
        jobManager.bring("COMPLETED", "");

        assertThat(new JsonObject(hook.get().body()).getString("outcome")).isEqualTo("moved");
        assertThat(jobManager.wishes()).noneMatch(wish -> wish.has("handoff"));
        assertThat(sidecar.out()).contains("State not handed over: reason=the JobManager does not know handoffs");
    }

    @Test
    void stateThatCannotBeServedEndsItsStartWithTheVariable() throws Exception {
        variables.put("HOLDFAST_MIGRATION_STATE_DIRECTORIES", directory.toString());
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            variables.put("HOLDFAST_MIGRATION_STATE_LISTEN", "127.0.0.1:" + other.getLocalPort());
            ProgramProcess taken = start();
            assertThat(taken.exitCode()).isEqualTo(ExitCode.BAD_CONFIGURATION);
            assertThat(taken.err()).contains("where HOLDFAST_MIGRATION_STATE_LISTEN says: Address already in use");
        }

        variables.put(
                "HOLDFAST_MIGRATION_STATE_DIRECTORIES",
                Files.writeString(directory.resolve("file"), "").toString());
        ProgramProcess noDirectory = start();
        assertThat(noDirectory.exitCode()).isEqualTo(ExitCode.BAD_CONFIGURATION);
        assertThat(noDirectory.err())
                .contains("HOLDFAST_MIGRATION_STATE_DIRECTORIES: %s is no directory"
                        .formatted(directory.resolve("file")));
        assertThat(directory.resolve("last-words")).content().contains("HOLDFAST_MIGRATION_STATE_DIRECTORIES");
    }

    private static HttpResponse<String> get(String url, String token) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(url))
                                .header("Authorization", "Bearer " + token)
                                .build(),
                        BodyHandlers.ofString());
    }

    @Test
    void badSettingsEndItWithOneSentenceForEach() throws IOException {
        variables.put("HOLDFAST_MIGRATION_BUDGET", "1ms");
        variables.put("HOLDFAST_MIGRATION_TAINTS", "a b");
        ProgramProcess sidecar = start();

        assertThat(sidecar.exitCode()).isEqualTo(ExitCode.BAD_CONFIGURATION);
        assertThat(sidecar.err())
                .contains("HOLDFAST_MIGRATION_BUDGET must be from 1s to 1h")
                .contains("HOLDFAST_MIGRATION_TAINTS: 'a b' is no taint");
        assertThat(directory.resolve("last-words")).content().contains("HOLDFAST_MIGRATION_BUDGET");
    }

    @Test
    void misspelledVariableEndsItWithTheOneThatWasMeant() {
        variables.put("HOLDFAST_MIGRATION_TAINT", "x");
        ProgramProcess sidecar = start();

        assertThat(sidecar.exitCode()).isEqualTo(ExitCode.BAD_CONFIGURATION);
        assertThat(sidecar.err()).contains("did you mean HOLDFAST_MIGRATION_TAINTS?");
    }

    private List<String> events() {
        return server.events().stream()
                .map(event -> event.path("reason").asText())
                .toList();
    }

    private static String phase(ProgramProcess sidecar) throws Exception {
        return new JsonObject(sidecar.request("GET", "/status").body()).getString("phase");
    }

    /** Waits until the JobManager has a move that is under way. */
    private void awaitMove() {
        Eventually.until(
                PATIENCE,
                () -> assertThat(jobManager.moves())
                        .as("%s", processes)
                        .isNotEmpty()
                        .last()
                        .matches(id -> jobManager.state(id).equals("RESERVING")));
    }

    private static CompletableFuture<HttpResponse<String>> drain(ProgramProcess sidecar, String method) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return sidecar.request(method, "/drain");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private ProgramProcess inCluster() throws Exception {
        variables.put(
                "KUBECONFIG", server.kubeconfig(directory.resolve("kubeconfig")).toString());
        variables.put("HOLDFAST_MIGRATION_NAMESPACE", FakeApiServer.NAMESPACE);
        return ready();
    }

    private ProgramProcess ready() {
        ProgramProcess sidecar = start();
        Eventually.until(
                PATIENCE,
                () -> assertThat(sidecar.request("GET", "/q/health").statusCode())
                        .isEqualTo(200));
        return sidecar;
    }

    private ProgramProcess start() {
        ProgramProcess sidecar = ProgramProcess.start(directory, port, variables);
        processes.add(sidecar);
        return sidecar;
    }
}
