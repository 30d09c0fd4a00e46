package io.holdfast.resize.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.kubernetes.ApiServer;
import io.holdfast.kubernetes.PodIdentity;
import io.holdfast.resize.plan.World;
import io.holdfast.resize.plan.World.Condition;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.kubernetes.FakeApiServer;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OwnPodTest {
    private static final long GIB = 1L << 30;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final PodIdentity IDENTITY = new PodIdentity(FakeApiServer.NAMESPACE, FakeApiServer.POD);

    private final FakeApiServer server = new FakeApiServer("4Gi");
    private final Vertx vertx = Vertx.vertx();
    private KubernetesClient client;
    private OwnPod pod;

    @BeforeEach
    void connect() {
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(server.url())
                .withNamespace("elsewhere")
                .build();
        client = ApiServer.client(vertx, config, PATIENCE);
        pod = new OwnPod(client, IDENTITY, "flink-main-container");
    }

    @AfterEach
    void disconnect() throws Exception {
        client.close();
        server.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @Test
    void limitAndRequestOfTheOneContainerAreResized() {
        pod.resize(2 * GIB, OptionalLong.empty());

        assertThat(server.resources(0, "limits/memory")).isEqualTo("2Gi");
        assertThat(server.resources(0, "requests/memory")).isEqualTo("2Gi");
        assertThat(server.resources(0, "limits/cpu")).isEqualTo("1");
        assertThat(server.resources(1, "limits/memory")).isEqualTo("96Mi");
        assertThat(server.requests()).contains("PATCH /api/v1/namespaces/jobs/pods/taskmanager-1/resize");
    }

    @Test
    void checkChangesNothing() {
        pod.check(2 * GIB, OptionalLong.empty());

        assertThat(server.resources(0, "limits/memory")).isEqualTo("4Gi");
    }

    @Test
    void checkThatAWebhookForbidsIsSkipped() {
        server.withoutDryRun();

        pod.check(2 * GIB, OptionalLong.empty());

        server.withoutShrink();
        pod.check(2 * GIB, OptionalLong.empty());
    }

    @Test
    void smallerRequestStaysAsItIsSoThatTheClassOfServiceDoes() {
        server.change("""
                {"spec": {"containers": [{"name": "flink-main-container", "resources":
                  {"limits": {"memory": "4Gi"}, "requests": {"memory": "1Gi"}}}]}}""");

        pod.resize(2 * GIB, OptionalLong.empty());

        assertThat(server.resources(0, "limits/memory")).isEqualTo("2Gi");
        assertThat(server.resources(0, "requests/memory")).isEqualTo("1Gi");
    }

    @Test
    void requestThatIsGivenIsSet() {
        server.change("""
                {"spec": {"containers": [{"name": "flink-main-container", "resources":
                  {"limits": {"memory": "2Gi"}, "requests": {"memory": "1Gi"}}}]}}""");

        pod.resize(4 * GIB, OptionalLong.of(3 * GIB));

        assertThat(server.resources(0, "limits/memory")).isEqualTo("4Gi");
        assertThat(server.resources(0, "requests/memory")).isEqualTo("3Gi");
    }

    @Test
    void conditionOfALimitThatIsNoLongerAskedForIsNone() {
        server.change("""
                {"metadata": {"generation": 3}, "status": {"conditions": [{"type": "PodResizePending", "status": "True",
                  "reason": "Infeasible", "observedGeneration": 2}]}}""");
        assertThat(pod.read().condition()).isEmpty();

        server.change("""
                {"status": {"conditions": [{"type": "PodResizePending", "status": "True",
                  "reason": "Infeasible", "observedGeneration": 3}]}}""");
        assertThat(pod.read().condition()).isPresent();
    }

    @Test
    void serverRefusesResourcesInAPatchOfThePodItself() {
        KubernetesClientException refused = catchThrowableOfType(
                KubernetesClientException.class,
                () -> client.pods()
                        .inNamespace(FakeApiServer.NAMESPACE)
                        .withName(FakeApiServer.POD)
                        .patch(PatchContext.of(PatchType.STRATEGIC_MERGE), """
                        {"spec": {"containers": [{"name": "flink-main-container", "resources": {"limits": {"memory": "1Gi"}}}]}}"""));

        assertThat(refused.getCode()).isEqualTo(422);
        assertThat(refused).hasMessageContaining("pod updates may not change fields other than");
    }

    @Test
    void missingPermissionIsToldWithTheVerbThatIsMissing() {
        server.forbid("patch pods/resize");

        HoldfastException refused =
                catchThrowableOfType(HoldfastException.class, () -> pod.resize(2 * GIB, OptionalLong.empty()));

        assertThat(refused.disposition()).isEqualTo(Disposition.DEGRADED);
        assertThat(refused)
                .hasMessageContaining("403")
                .hasMessageContaining("Allow the verb patch on pods/resize to the service account");
    }

    @Test
    void resizeNeedsNoPermissionToRead() {
        server.forbid("get pods");

        pod.resize(2 * GIB, OptionalLong.empty());

        assertThat(server.resources(0, "limits/memory")).isEqualTo("2Gi");
    }

    @Test
    void clusterWithoutInPlaceResizeIsTold() {
        server.withoutResize();

        HoldfastException refused =
                catchThrowableOfType(HoldfastException.class, () -> pod.check(2 * GIB, OptionalLong.empty()));

        assertThat(refused.disposition()).isEqualTo(Disposition.DEGRADED);
        assertThat(refused).hasMessageContaining("404").hasMessageContaining("Kubernetes 1.33 or newer");
    }

    @Test
    void clusterThatCannotShrinkMemoryIsToldBeforeAnythingIsPrepared() {
        server.withoutShrink();

        HoldfastException refused =
                catchThrowableOfType(HoldfastException.class, () -> pod.check(2 * GIB, OptionalLong.empty()));

        assertThat(refused.disposition()).isEqualTo(Disposition.DEGRADED);
        assertThat(refused).hasMessageContaining("memory limits cannot be decreased");
        pod.check(8 * GIB, OptionalLong.empty());
    }

    @Test
    void containerThatWouldRestartIsNotResized() {
        server.change("""
                {"spec": {"containers": [{"name": "flink-main-container",
                  "resizePolicy": [{"resourceName": "memory", "restartPolicy": "RestartContainer"}],
                  "resources": {"limits": {"memory": "4Gi"}, "requests": {"memory": "4Gi"}}}]}}""");

        HoldfastException refused =
                catchThrowableOfType(HoldfastException.class, () -> pod.resize(2 * GIB, OptionalLong.empty()));

        assertThat(refused.disposition()).isEqualTo(Disposition.DEGRADED);
        assertThat(refused).hasMessageContaining("restartPolicy NotRequired");
        assertThat(server.resources(0, "limits/memory")).isEqualTo("4Gi");
    }

    @Test
    void unknownContainerIsToldWithThoseThatAreThere() {
        OwnPod other = new OwnPod(client, IDENTITY, "taskmanager");

        assertThat(catchThrowableOfType(HoldfastException.class, () -> other.resize(2 * GIB, OptionalLong.empty())))
                .hasMessageContaining("no container 'taskmanager', but 'flink-main-container', 'resize-sidecar'")
                .hasMessageContaining("HOLDFAST_RESIZE_CONTAINER");
        server.forbid("get pods");
        assertThat(catchThrowableOfType(HoldfastException.class, () -> other.resize(2 * GIB, OptionalLong.empty())))
                .hasMessageContaining("containers may not be added or removed");
    }

    @Test
    void serverThatIsAwayMayBeAskedAgain() {
        server.close();

        assertThat(catchThrowableOfType(HoldfastException.class, () -> pod.resize(2 * GIB, OptionalLong.empty()))
                        .disposition())
                .isEqualTo(Disposition.RETRYABLE);
    }

    @Test
    void watchTellsWhatThePodAsksForAndWhatHindersIt() {
        try (PodWatch watch = new PodWatch(pod, () -> {})) {
            watch.start();
            expect(watch, new World.Pod(4 * GIB, OptionalLong.of(4 * GIB), Optional.empty()));

            server.change("""
                    {"status": {"conditions": [{"type": "PodResizePending", "status": "True", "reason": "Infeasible",
                      "message": "Node didn't have enough capacity"}]}}""");
            expect(
                    watch,
                    new World.Pod(
                            4 * GIB,
                            OptionalLong.of(4 * GIB),
                            Optional.of(new Condition(Condition.Kind.INFEASIBLE, "Node didn't have enough capacity"))));

            server.endWatches();
            server.change("""
                    {"status": {"conditions": [{"type": "PodResizeInProgress", "status": "True"}]}}""");
            expect(
                    watch,
                    new World.Pod(
                            4 * GIB,
                            OptionalLong.of(4 * GIB),
                            Optional.of(new Condition(Condition.Kind.IN_PROGRESS, "PodResizeInProgress"))));
        }
    }

    @Test
    void withoutPermissionToReadThereIsNothingToSee() {
        server.forbid("get pods");
        try (PodWatch watch = new PodWatch(pod, () -> {})) {
            watch.start();
            Eventually.until(PATIENCE, () -> assertThat(server.requests()).isNotEmpty());

            assertThat(watch.pod()).isEmpty();
        }
    }

    @Test
    void withoutPermissionToWatchItIsReadAgain() {
        server.forbid("watch pods");
        try (PodWatch watch = new PodWatch(pod, () -> {})) {
            watch.start();

            expect(watch, new World.Pod(4 * GIB, OptionalLong.of(4 * GIB), Optional.empty()));
        }
    }

    @Test
    void eventsAreOnThePod() {
        try (PodWatch watch = new PodWatch(pod, () -> {})) {
            watch.start();
            expect(watch, new World.Pod(4 * GIB, OptionalLong.of(4 * GIB), Optional.empty()));

            new PodEvents(pod, watch).write(PodEvents.Reason.INFEASIBLE, "no");
        }

        assertThat(server.events()).singleElement().satisfies(event -> {
            assertThat(event.path("reason").asText()).isEqualTo("ResizeInfeasible");
            assertThat(event.path("type").asText()).isEqualTo("Warning");
            assertThat(event.at("/involvedObject/name").asText()).isEqualTo(FakeApiServer.POD);
            assertThat(event.at("/involvedObject/uid").asText()).startsWith("7a1d6c80");
        });
    }

    @Test
    void eventThatMayNotBeWrittenIsNoFailure() {
        server.forbid("create events");

        new PodEvents(pod, new PodWatch(pod, () -> {})).write(PodEvents.Reason.RESIZED, "yes");

        assertThat(server.events()).isEmpty();
    }

    private static void expect(PodWatch watch, World.Pod expected) {
        Eventually.until(PATIENCE, () -> assertThat(watch.pod()).contains(expected));
    }
}
