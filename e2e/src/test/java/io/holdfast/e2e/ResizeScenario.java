package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.benchmarks.job.LoadedJob;
import io.holdfast.benchmarks.resize.Build;
import io.holdfast.benchmarks.resize.LoadedCluster;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.FlinkProcessesBuilder;
import io.holdfast.testing.InstalledJava;
import io.holdfast.testing.MemoryCgroup;
import io.holdfast.testing.TaskManagerStart;
import io.holdfast.testing.resize.AgentSocket;
import io.holdfast.testing.resize.AgentSocket.Status;
import io.holdfast.testing.resize.ElasticTaskManager;
import io.holdfast.testing.resize.ResizeSidecar;
import io.holdfast.testing.resize.ResizeSidecar.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * A TaskManager that works gets another memory limit, with agent, elastic network memory and sidecar, and no Kubernetes:
 * the limit is that of a real cgroup with its JVM in it, the sidecar is a process of its own. One cluster for all tests;
 * what must not happen to its job is looked at after each, and its output at the end.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class ResizeScenario {

    private static final long MIB = 1L << 20;
    private static final int SMALL_MIB = 640;
    private static final int LARGE_MIB = 1_024;
    private static final long SEGMENT = 32 << 10;
    private static final long SMALL = SMALL_MIB * MIB;
    private static final long LARGE = LARGE_MIB * MIB;
    private static final int NETWORK_MIB = 64;
    private static final int OFF_HEAP_MIB = 64;
    private static final int LIVE_MIB = 80;
    /** More than the heap of the smaller limit holds, and less than that of the larger one. */
    private static final int PEAK_MIB = 400;

    private static final int SIDECAR_JAVA = 25;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final int javaRelease;

    private Path directory;

    private Path sockets;
    private Build build;
    private MemoryCgroup cgroup;
    private LoadedCluster cluster;
    private ResizeSidecar sidecar;
    private Status small;
    private Status large;

    /** @param javaRelease of the TaskManager's JVM */
    ResizeScenario(int javaRelease) {
        this.javaRelease = javaRelease;
    }

    @BeforeAll
    void start(@TempDir Path fresh) throws IOException {
        directory = fresh;
        sockets = Files.createTempDirectory("holdfast-"); // a short path, as those of sockets must be
        build = new Build(Installation.checkout(), Installation.MINORS.get(0));
        cgroup = MemoryCgroup.create("resize-it", SMALL);
        FlinkProcessesBuilder builder = build.holdfast(directory)
                .taskManagers(2)
                .slotsPerTaskManager(1)
                .taskManagerMemoryMiB(SMALL_MIB)
                .networkMemoryMiB(NETWORK_MIB)
                .offHeapMemoryMiB(OFF_HEAP_MIB)
                .overheadMemoryMiB(128);
        TaskManagerStart elastic = new ElasticTaskManager(
                        build.agentJar(),
                        socket(),
                        builder.taskManagerHeapMiB() + LARGE_MIB - SMALL_MIB,
                        NETWORK_MIB + OFF_HEAP_MIB + LARGE_MIB - SMALL_MIB)
                .start(InstalledJava.home(javaRelease).orElseThrow(), cgroup)
                .withFlags(List.of(LoadedJob.FLAG));
        builder.taskManagerStarts(name -> name.equals("tm-2") ? TaskManagerStart.USUAL : elastic);
        cluster = LoadedCluster.start(builder, directory, new LoadedCluster.Work(2, 400, LIVE_MIB, 512, 16));
        sidecar = startSidecar();
        small = status();
        assertThat(cgroup.limit(LARGE)).isTrue();
        large = Eventually.value(PATIENCE, () -> {
            Status now = status();
            assertThat(now.heapCeiling()).isGreaterThan(small.heapCeiling());
            assertThat(now.directLimit()).isGreaterThan(small.directLimit());
            assertThat(now.networkSize()).isGreaterThan(small.networkSize());
            return now;
        });
    }

    /** Every test begins with the larger limit, and a TaskManager that has followed it. */
    @BeforeEach
    void grow() {
        cluster.live(LIVE_MIB);
        cluster.awaitLive();
        assertThat(cgroup.limit(LARGE)).isTrue();
        assertEventually(large);
    }

    @AfterEach
    void theJobHasNoticedNothing() {
        assertThat(cgroup.oomKills()).as("killed for want of memory").isZero();
        assertThat(cluster.tooFewBuffers())
                .as("complaints of too few network buffers")
                .isZero();
        assertThat(cluster.jobState()).isEqualTo("RUNNING");
    }

    @AfterAll
    void stop() throws IOException {
        if (sidecar != null) {
            sidecar.close();
        }
        if (cluster != null) {
            cluster.close();
        }
        if (cgroup != null) {
            cgroup.close();
        }
        Files.deleteIfExists(socket());
        Files.deleteIfExists(sockets);
    }

    @Test
    @Order(1)
    void heapDirectMemoryAndNetworkBuffersFollowALargerLimit() {
        long added = LARGE - SMALL;

        assertThat(large.heapCeiling() - small.heapCeiling()).isBetween(added * 7 / 10, added * 9 / 10);
        assertThat(large.networkSize() - small.networkSize()).isBetween(added * 8 / 100, added * 10 / 100);
        assertThat(large.directLimit() - small.directLimit())
                .as("room for the buffers")
                .isCloseTo(large.networkSize() - small.networkSize(), within(SEGMENT));
        cluster.live(PEAK_MIB);
        Eventually.until(
                PATIENCE, () -> assertThat(status().number("heap.used")).isGreaterThan(small.heapCeiling()));
    }

    @Test
    @Order(2)
    void aSmallerLimitIsPreparedAndThenTaken() {
        fillTheHeap();
        assertThat(cgroup.limit(SMALL)).as("taken while it is in use").isFalse();

        Answer answer = sidecar.prepare(SMALL);

        assertThat(answer.outcome()).as(() -> told(answer)).isEqualTo("ready");
        assertThat(cgroup.limitBytes()).as("is for somebody else to set").isEqualTo(LARGE);
        assertThat(cgroup.usageBytes()).isLessThan(SMALL);
        assertThat(sizes(status())).isEqualTo(sizes(small));
        assertThat(cgroup.limit(SMALL)).isTrue();
        Eventually.until(PATIENCE, () -> assertThat(sidecar.isStable()).isTrue());
        assertThat(sizes(status())).isEqualTo(sizes(small));
        assertThat(last().path("outcome").asText()).isEqualTo("applied");
    }

    @Test
    @Order(3)
    void aLimitThatTheLiveDataDoNotFitIsRefusedAndNothingChanges() {
        cluster.live(PEAK_MIB);
        cluster.awaitLive();

        Answer answer = sidecar.prepare(SMALL);

        assertThat(answer.outcome()).as(() -> told(answer)).isEqualTo("refused");
        assertThat(answer.message()).as("of the sidecar, or of the agent").containsPattern("live data|alive");
        assertThat(sizes(status())).isEqualTo(sizes(large));
        assertThat(cgroup.limitBytes()).isEqualTo(LARGE);
    }

    @Test
    @Order(4)
    void withoutAnApiServerNobodySetsALimit() {
        Answer answer = sidecar.resize(SMALL);

        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.message()).contains("POST /resize/prepare");
        assertThat(sizes(status())).isEqualTo(sizes(large));
    }

    @Test
    @Order(5)
    void whatWasPreparedIsGivenBackWhenItIsCancelled() {
        assertThat(sidecar.prepare(SMALL).outcome()).isEqualTo("ready");
        assertThat(sizes(status())).isEqualTo(sizes(small));

        assertThat(sidecar.cancel().status()).isEqualTo(202);

        assertEventually(large);
        assertThat(last().path("outcome").asText()).isEqualTo("cancelled");
        assertThat(cgroup.limitBytes()).isEqualTo(LARGE);
    }

    @Test
    @Order(6)
    void aSidecarThatDiesInTheMiddleLeavesNothingHalfDone() {
        fillTheHeap();
        assertThat(sidecar.beginToPrepare(SMALL).status()).isEqualTo(202);
        try (AgentSocket agent = new AgentSocket(socket())) {
            long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
            while (agent.status().networkTarget() == large.networkTarget()) { // the first of what changes
                assertThat(sidecar.isStable()).as(sidecar::output).isFalse();
                assertThat(System.nanoTime()).as(sidecar::output).isLessThan(deadlineNanos);
            }
        }

        sidecar.close();

        assertThat(sizes(status())).as("in the middle").isNotEqualTo(sizes(large));
        sidecar = startSidecar();
        assertEventually(large);
        assertThat(sidecar.prepare(SMALL).outcome()).isEqualTo("ready");
        assertThat(cgroup.limit(SMALL)).isTrue();
        assertEventually(small);
    }

    @Test
    @Order(7)
    void everyRecordArrivesOnceAndNoTaskRestarts() throws IOException {
        assertThat(cluster.restarts()).isZero();

        LoadedCluster.Judgement judgement = cluster.finish();

        assertThat(judgement.verdict().exact())
                .as(judgement.verdict()::toString)
                .isTrue();
        assertThat(judgement.verdict().expected()).isGreaterThan(1_000);
        assertThat(judgement.damages()).isEmpty();
        cluster.pause(false);
    }

    @Test
    @Order(8) // here tasks do restart
    void aTaskManagerThatRestartsGetsWhatItsLimitAllows() {
        long before = status().number("baseline.heap");
        cluster.loaded().kill();
        cluster.processes().startTaskManager();

        assertEventually(large);
        assertThat(status().number("baseline.heap")).isEqualTo(before);
        cluster.awaitRunning();
        assertThat(sidecar.prepare(SMALL).outcome()).isEqualTo("ready");
        assertThat(cgroup.limit(SMALL)).isTrue();
        assertEventually(small);
    }

    /** Until no page cache could be given up for the smaller limit. Then little of it is needed. */
    private void fillTheHeap() {
        cluster.live(PEAK_MIB);
        Eventually.until(PATIENCE, () -> assertThat(cgroup.stat("rss")).isGreaterThan(SMALL));
        cluster.live(LIVE_MIB);
        cluster.awaitLive();
    }

    private ResizeSidecar startSidecar() {
        ResizeSidecar started = ResizeSidecar.start(
                InstalledJava.home(SIDECAR_JAVA).orElse(Installation.javaHome()),
                build.sidecar(),
                build.sidecarArguments(),
                directory.resolve("sidecar"),
                Map.of(
                        "HOLDFAST_RESIZE_AGENT_SOCKET",
                        socket().toString(),
                        "HOLDFAST_RESIZE_CGROUP",
                        cgroup.directory().toString(),
                        "HOLDFAST_RESIZE_BASELINE",
                        SMALL_MIB + "Mi",
                        "HOLDFAST_RESIZE_NETWORK",
                        "always",
                        "HOLDFAST_RESIZE_COOLDOWN",
                        "0s",
                        "HOLDFAST_RESIZE_SHRINK_MARGIN",
                        "16Mi"));
        Eventually.until(
                PATIENCE,
                () -> assertThat(started.isStable()).as(started::output).isTrue());
        return started;
    }

    private Path socket() {
        return sockets.resolve("agent.sock");
    }

    private Status status() {
        try (AgentSocket agent = new AgentSocket(socket())) {
            return agent.status();
        }
    }

    private JsonNode last() {
        return sidecar.status().path("recent").path(0);
    }

    private void assertEventually(Status sizes) {
        Eventually.until(PATIENCE, () -> {
            assertThat(sizes(status())).isEqualTo(sizes(sizes));
            assertThat(sidecar.isStable()).isTrue();
        });
    }

    /** Heap, direct memory, network buffers: those that are resized. */
    private static List<Long> sizes(Status status) {
        return List.of(status.heapCeiling(), status.directLimit(), status.networkSize());
    }

    private String told(Answer answer) {
        return answer + System.lineSeparator() + sidecar.output();
    }
}
