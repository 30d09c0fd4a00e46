package io.holdfast.resize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.holdfast.testing.Eventually;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The built sidecar, the built agent in a JVM under load, and the kernel: a memory cgroup of its own, version 1, whose limit
 * it refuses to lower below what is used.
 */
@Timeout(300)
class RealAgentIT {
    private static final long MIB = 1 << 20;
    private static final long SMALL = 512 * MIB;
    private static final long LARGE = 896 * MIB;
    private static final Path CONTROLLER = Path.of("/sys/fs/cgroup/memory");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private Path cgroup;
    private Process jvm;
    private SidecarProcess sidecar;

    @BeforeEach
    void start() throws IOException {
        Path agent = agentJar();
        cgroup = makeCgroup();
        limit(SMALL);
        Path socket = directory.resolve("agent.sock");
        jvm = new ProcessBuilder(
                        "sh",
                        "-c",
                        "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"",
                        cgroup.toString(),
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseG1GC",
                        "-Xms64m",
                        "-Xmx640m",
                        "-XX:MaxDirectMemorySize=32m",
                        "-javaagent:%s=socket=%s,heap=192Mi".formatted(agent, socket),
                        "-cp",
                        "target/test-classes",
                        Workload.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("jvm.out").toFile())
                .start();
        hold(60);
        sidecar = SidecarProcess.start(
                directory,
                Map.of(
                        "HOLDFAST_RESIZE_AGENT_SOCKET", socket.toString(),
                        "HOLDFAST_RESIZE_CGROUP", cgroup.toString(),
                        "HOLDFAST_RESIZE_COOLDOWN", "0s",
                        "HOLDFAST_RESIZE_TERMINATION_MESSAGE_FILE",
                                directory.resolve("last-words").toString()));
        sidecar.awaitAgent();
    }

    @AfterEach
    void end() throws Exception {
        if (sidecar != null) {
            sidecar.close();
            sidecar.exitCodeQuietly();
        }
        if (jvm != null) {
            jvm.destroyForcibly().waitFor(20, TimeUnit.SECONDS);
        }
        if (cgroup != null) {
            Eventually.until(Duration.ofSeconds(10), () -> Files.deleteIfExists(cgroup));
        }
    }

    @Test
    void limitGoesUpAndDownUnderLoadAndTheKernelNeverHasToRefuseOrKill() throws Exception {
        for (int cycle = 0; cycle < 2; cycle++) {
            limit(LARGE);
            Eventually.until(
                    PATIENCE, () -> assertThat(ceiling()).as("%s", sidecar).isBetween(534 * MIB, 538 * MIB));
            long grown = rounds();
            Eventually.until(PATIENCE, () -> assertThat(rounds()).isGreaterThan(grown + 200)); // fills the heap

            HttpResponse<String> ready = sidecar.request("POST", "/resize/prepare?wait", "{\"memory\": \"512Mi\"}");

            assertThat(ready.statusCode()).as("%s%n%s", ready.body(), sidecar).isEqualTo(200);
            assertThat(usage()).isLessThan(SMALL - 60 * MIB);
            limit(SMALL); // throws where the kernel refuses
            Eventually.until(
                    PATIENCE,
                    () -> assertThat(sidecar.status().getString("phase")).isEqualTo("stable"));
            assertThat(lastOutcome()).isEqualTo("applied");
            long shrunk = rounds();
            Eventually.until(PATIENCE, () -> assertThat(rounds()).isGreaterThan(shrunk + 200));
            assertThat(ceiling()).isBetween(190 * MIB, 192 * MIB);
        }
        assertThat(Files.readString(cgroup.resolve("memory.oom_control"))).contains("oom_kill 0");
        assertThat(jvm.isAlive()).isTrue();
    }

    @Test
    void shrinkBelowTheLiveDataIsRefusedAndTheJobGoesOn() throws Exception {
        limit(LARGE);
        Eventually.until(PATIENCE, () -> assertThat(ceiling()).isGreaterThan(500 * MIB));
        long ceiling = ceiling();
        hold(300);
        long before = rounds();
        Eventually.until(PATIENCE, () -> assertThat(rounds()).isGreaterThan(before + 100));

        HttpResponse<String> refused = sidecar.request("POST", "/resize/prepare?wait", "{\"memory\": \"512Mi\"}");

        assertThat(refused.statusCode()).as("%s%n%s", refused.body(), sidecar).isEqualTo(409);
        assertThat(new JsonObject(refused.body()).getString("outcome")).isEqualTo("refused");
        assertThat(refused.body()).contains("live data 3");
        assertThat(ceiling()).isEqualTo(ceiling);
        long after = rounds();
        Eventually.until(PATIENCE, () -> assertThat(rounds()).isGreaterThan(after + 100));
    }

    private void hold(int mebibytes) throws IOException {
        jvm.getOutputStream().write((mebibytes + "\n").getBytes(StandardCharsets.US_ASCII));
        jvm.getOutputStream().flush();
    }

    private long rounds() throws IOException {
        List<String> lines = Files.readAllLines(directory.resolve("jvm.out"));
        assertThat(lines).as("%s", sidecar).doesNotContain("out of memory");
        return lines.stream()
                .filter(line -> line.startsWith("rounds "))
                .mapToLong(line -> Long.parseLong(line.substring("rounds ".length())))
                .max()
                .orElse(0);
    }

    private long ceiling() throws Exception {
        return sidecar.status()
                .getJsonObject("taskManager")
                .getJsonObject("heap")
                .getLong("ceilingBytes");
    }

    private String lastOutcome() throws Exception {
        return sidecar.status().getJsonArray("recent").getJsonObject(0).getString("outcome");
    }

    private long usage() throws IOException {
        return Long.parseLong(
                Files.readString(cgroup.resolve("memory.usage_in_bytes")).strip());
    }

    private void limit(long bytes) throws IOException {
        Files.writeString(cgroup.resolve("memory.limit_in_bytes"), Long.toString(bytes));
    }

    private static Path makeCgroup() {
        try {
            return Files.createDirectory(CONTROLLER.resolve(
                    "holdfast-resize-" + ProcessHandle.current().pid() + "-" + System.nanoTime()));
        } catch (IOException e) {
            assumeTrue(false, "needs root and a memory controller of version 1: " + e);
            throw new IllegalStateException(e);
        }
    }

    /** The one that the build has made beside this module. */
    private static Path agentJar() {
        Path jar =
                Path.of("../agent/target/holdfast-agent.jar").toAbsolutePath().normalize();
        assertThat(jar)
                .as("./mvnw -pl resize-sidecar/agent -am -DskipTests package")
                .isRegularFile();
        return jar;
    }
}
