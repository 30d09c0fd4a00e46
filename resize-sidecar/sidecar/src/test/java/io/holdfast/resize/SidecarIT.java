package io.holdfast.resize;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.base.ExitCode;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.kubernetes.FakeApiServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The built program in a process of its own, with an agent, a cgroup's files and an API server that do as they are told. */
@Timeout(180)
class SidecarIT {
    private static final long MIB = FakeAgent.MIB;
    private static final long LARGE_HEAP = 512 * MIB + 2048 * MIB - (long) (2048 * MIB * 0.1);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int KILLED_BY_SIGTERM = 143;
    private static final int OUT_OF_MEMORY = 3;

    @TempDir
    private Path directory;

    private final Map<String, String> variables = new HashMap<>();
    private final List<SidecarProcess> processes = new ArrayList<>();
    private Path cgroup;
    private FakeAgent agent;
    private FakeApiServer server;

    @BeforeEach
    void prepare() throws IOException {
        cgroup = Files.createDirectory(directory.resolve("cgroup"));
        cgroup("memory.max", 4096 * MIB);
        cgroup("memory.current", 3000 * MIB);
        Files.writeString(cgroup.resolve("memory.stat"), "inactive_file 0\n");
        agent = new FakeAgent(directory.resolve("agent.sock"))
                .set("heap.ceiling", LARGE_HEAP)
                .afterwards(command -> {
                    if (command.startsWith("heap")) {
                        cgroup("memory.current", agent.get("heap.ceiling") + 1000 * MIB);
                    }
                });
        server = new FakeApiServer("4Gi");
        server.kubelet(bytes -> cgroup("memory.max", bytes));
        variables.put(
                "HOLDFAST_RESIZE_AGENT_SOCKET", directory.resolve("agent.sock").toString());
        variables.put("HOLDFAST_RESIZE_CGROUP", cgroup.toString());
        variables.put("HOLDFAST_RESIZE_COOLDOWN", "0s");
        variables.put(
                "HOLDFAST_RESIZE_TERMINATION_MESSAGE_FILE",
                directory.resolve("last-words").toString());
    }

    @AfterEach
    void endAll() {
        processes.forEach(SidecarProcess::close);
        agent.close();
        server.close();
    }

    @Test
    void shrinkGoesFromTheJvmToThePodAndGrowthBack() throws Exception {
        SidecarProcess sidecar = startInCluster().awaitAgent();

        HttpResponse<String> answer = sidecar.request("POST", "/resize?wait", "{\"memory\": \"2Gi\"}");

        assertThat(answer.statusCode()).as("%s%n%s", answer.body(), sidecar).isEqualTo(200);
        assertThat(new JsonObject(answer.body()).getString("outcome")).isEqualTo("applied");
        assertThat(agent.commands()).containsExactly("heap " + 512 * MIB, "trim");
        assertThat(server.resources(0, "limits/memory")).isEqualTo("2Gi");
        Eventually.until(
                PATIENCE,
                () -> assertThat(server.events())
                        .extracting(event -> event.path("reason").asText())
                        .containsExactly("Resized"));

        server.change("""
                {"spec": {"containers": [{"name": "flink-main-container", "resources":
                  {"limits": {"memory": "4Gi"}, "requests": {"memory": "4Gi"}}}]}}""");
        Eventually.until(
                PATIENCE,
                () -> assertThat(sidecar.status().getJsonObject("pod").getLong("limitBytes"))
                        .isEqualTo(4096 * MIB));
        cgroup("memory.max", 4096 * MIB);

        Eventually.until(PATIENCE, () -> assertThat(agent.get("heap.ceiling")).isEqualTo(LARGE_HEAP));
        assertThat(sidecar.request("GET", "/q/metrics", "").body())
                .contains("holdfast_resize_request_seconds_count{outcome=\"applied\"}")
                .contains("holdfast_resize_limit_bytes 4.294967296E9")
                .contains("holdfast_resize_agent_connected 1.0");
        assertThat(sidecar.request("GET", "/q/health", "").body()).contains("\"connected\": true");
    }

    @Test
    void preparedJvmIsHeldAndLetGoOnRequest() throws Exception {
        SidecarProcess sidecar = start().awaitAgent();

        HttpResponse<String> ready = sidecar.request("POST", "/resize/prepare?wait=true", "{\"memory\": \"2Gi\"}");
        assertThat(ready.statusCode()).as("%s%n%s", ready.body(), sidecar).isEqualTo(200);
        assertThat(new JsonObject(ready.body()).getString("outcome")).isEqualTo("ready");
        assertThat(sidecar.status().getString("phase")).isEqualTo("ready");
        HttpResponse<String> again = sidecar.request("POST", "/resize/prepare?wait", "{\"memory\": \"2Gi\"}");
        assertThat(again.statusCode()).as(again.body()).isEqualTo(200);
        assertThat(new JsonObject(again.body()).getString("outcome")).isEqualTo("ready");
        assertThat(agent.get("heap.ceiling")).isEqualTo(512 * MIB);
        assertThat(sidecar.request("POST", "/resize/prepare", "{\"memory\": \"3Gi\"}")
                        .statusCode())
                .isEqualTo(409);

        assertThat(sidecar.request("DELETE", "/resize", "").statusCode()).isEqualTo(202);

        Eventually.until(PATIENCE, () -> assertThat(agent.get("heap.ceiling")).isEqualTo(LARGE_HEAP));
        Eventually.until(
                PATIENCE,
                () -> assertThat(sidecar.status()
                                .getJsonArray("recent")
                                .getJsonObject(0)
                                .getString("outcome"))
                        .isEqualTo("cancelled"));
        assertThat(sidecar.request("DELETE", "/resize", "").statusCode()).isEqualTo(404);
    }

    @Test
    void missingPermissionsAreToldAndCostOnlyWhatTheyAllow() throws Exception {
        server.forbid("get pods");
        server.forbid("watch pods");
        server.forbid("patch pods/resize");
        server.forbid("create events");
        SidecarProcess sidecar = startInCluster().awaitAgent();

        HttpResponse<String> refused = sidecar.request("POST", "/resize?wait", "{\"memory\": \"2Gi\"}");

        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(refused.body()).contains("Allow the verb patch on pods/resize");
        assertThat(agent.commands()).isEmpty();
        assertThat(sidecar.out()).contains("Pod not read:", "Allow the verbs get and watch on pods");

        cgroup("memory.max", 6144 * MIB);
        Eventually.until(PATIENCE, () -> assertThat(agent.get("heap.ceiling")).isGreaterThan(LARGE_HEAP));
    }

    @Test
    void killedSidecarLeavesNothingThatTheNextOneDoesNotMend() throws Exception {
        SidecarProcess first = start().awaitAgent();
        first.request("POST", "/resize/prepare?wait", "{\"memory\": \"2Gi\"}");
        assertThat(agent.get("heap.ceiling")).isEqualTo(512 * MIB);

        first.kill();
        start().awaitAgent();

        Eventually.until(PATIENCE, () -> assertThat(agent.get("heap.ceiling")).isEqualTo(LARGE_HEAP));
    }

    @Test
    void restartedTaskManagerIsBroughtToTheLimitOfItsContainer() {
        SidecarProcess sidecar = start().awaitAgent();
        agent.close();
        Eventually.until(PATIENCE, () -> assertThat(sidecar.out()).contains("Agent away"));

        agent = new FakeAgent(directory.resolve("agent.sock")).set("agent.started", 2000);

        Eventually.until(PATIENCE, () -> assertThat(agent.get("heap.ceiling")).isEqualTo(LARGE_HEAP));
    }

    @Test
    void whatMakesNoSenseIsRefusedAndChangesNothing() throws Exception {
        variables.put("HOLDFAST_RESIZE_COOLDOWN", "1h");
        SidecarProcess sidecar = start().awaitAgent();

        assertThat(status(sidecar, "{\"memory\": \"3Gb\"}")).isEqualTo(400);
        assertThat(status(sidecar, "{\"memory\": 3}")).isEqualTo(400);
        assertThat(status(sidecar, "{\"memory\": \"3Gi\", \"pod\": \"other\"}")).isEqualTo(400);
        assertThat(status(sidecar, "[")).isEqualTo(400);
        assertThat(status(sidecar, "{\"memory\": \"1Gi\"}")).isEqualTo(422);
        assertThat(status(sidecar, "{\"memory\": \"4Gi\"}")).isEqualTo(200);
        assertThat(sidecar.request("POST", "/resize", "{\"memory\": \"2Gi\"}").body())
                .contains("Use POST /resize/prepare");
        assertThat(sidecar.request("POST", "/resize/prepare?wait=soon", "{\"memory\": \"2Gi\"}")
                        .statusCode())
                .isEqualTo(400);
        agent.answer("heap", "error infeasible live data is 2000 MiB");
        assertThat(sidecar.request("POST", "/resize/prepare?wait", "{\"memory\": \"2Gi\"}")
                        .body())
                .contains("live data is 2000 MiB");
        agent.answerAsUsual("heap");

        HttpResponse<String> tooSoon = sidecar.request("POST", "/resize/prepare", "{\"memory\": \"2Gi\"}");

        assertThat(tooSoon.statusCode()).isEqualTo(429);
        assertThat(tooSoon.headers().firstValueAsLong("Retry-After").orElse(0)).isBetween(3500L, 3600L);
        assertThat(agent.get("heap.ceiling")).isEqualTo(LARGE_HEAP);
    }

    @Test
    void tokenIsAskedForAndMayChange() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "one\n");
        variables.put("HOLDFAST_RESIZE_TOKEN_FILE", token.toString());
        SidecarProcess sidecar = start();
        Eventually.until(
                Duration.ofSeconds(60),
                () -> assertThat(sidecar.request("GET", "/q/health/live", "").statusCode())
                        .isEqualTo(200));

        assertThat(sidecar.request("GET", "/resize/status", "").statusCode()).isEqualTo(401);
        assertThat(sidecar.request("DELETE", "/resize", "", "Authorization", "Bearer two")
                        .statusCode())
                .isEqualTo(401);
        assertThat(sidecar.request("GET", "/resize/status", "", "Authorization", "Bearer one")
                        .statusCode())
                .isEqualTo(200);
        Files.writeString(token, "two");
        assertThat(sidecar.request("GET", "/resize/status", "", "Authorization", "Bearer one")
                        .statusCode())
                .isEqualTo(401);
        assertThat(sidecar.request("GET", "/q/metrics", "").statusCode()).isEqualTo(200);
    }

    @Test
    void awayTaskManagerMakesItNeitherDeadNorUnready() throws Exception {
        agent.close();
        SidecarProcess sidecar = start();

        Eventually.until(
                Duration.ofSeconds(60),
                () -> assertThat(sidecar.request("GET", "/q/health", "").statusCode())
                        .isEqualTo(200));
        assertThat(sidecar.request("POST", "/resize/prepare", "{\"memory\": \"2Gi\"}")
                        .statusCode())
                .isEqualTo(503);
        sidecar.terminate();
        assertThat(sidecar.exitCode()).isEqualTo(KILLED_BY_SIGTERM);
    }

    @Test
    void lackOfMemoryEndsItAndNotOneOfItsThreads() throws Exception {
        String large = "x".repeat(15 << 20);
        server.change("{\"metadata\": {\"annotations\": {\"one\": \"%s\", \"other\": \"%1$s\"}}}".formatted(large));
        SidecarProcess sidecar = startInCluster();

        assertThat(sidecar.exitCode()).isEqualTo(OUT_OF_MEMORY);
    }

    @Test
    void badSettingsEndItWithOneSentenceForEach() throws IOException {
        variables.put("HOLDFAST_RESIZE_POLL", "1ms");
        variables.put("HOLDFAST_RESIZE_LISTEN", "everywhere");
        SidecarProcess sidecar = start();

        assertThat(sidecar.exitCode()).isEqualTo(ExitCode.BAD_CONFIGURATION);
        assertThat(sidecar.err())
                .contains("HOLDFAST_RESIZE_POLL must be from 100ms to 1m")
                .contains("HOLDFAST_RESIZE_LISTEN: 'everywhere' is not an address");
        assertThat(directory.resolve("last-words")).content().contains("HOLDFAST_RESIZE_POLL");
    }

    @Test
    void addressThatIsTakenEndsIt() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            variables.put("HOLDFAST_RESIZE_LISTEN", "127.0.0.1:" + taken.getLocalPort());
            SidecarProcess sidecar = start();

            assertThat(sidecar.exitCode()).isEqualTo(ExitCode.BAD_CONFIGURATION);
            assertThat(sidecar.err()).contains("Cannot listen where the variable that ends with _LISTEN says");
        }
    }

    private static int status(SidecarProcess sidecar, String body) throws Exception {
        return sidecar.request("POST", "/resize", body).statusCode();
    }

    private SidecarProcess startInCluster() throws IOException {
        variables.put(
                "KUBECONFIG", server.kubeconfig(directory.resolve("kubeconfig")).toString());
        variables.put("HOLDFAST_RESIZE_NAMESPACE", FakeApiServer.NAMESPACE);
        variables.put("HOLDFAST_RESIZE_POD", FakeApiServer.POD);
        return start();
    }

    private SidecarProcess start() {
        SidecarProcess sidecar = SidecarProcess.start(directory, variables);
        processes.add(sidecar);
        return sidecar;
    }

    private void cgroup(String file, long bytes) {
        try {
            Files.writeString(cgroup.resolve(file), bytes + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
