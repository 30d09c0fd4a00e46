package io.holdfast.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.holdfast.guard.cluster.Nodes;
import io.holdfast.guard.cluster.Pods;
import io.holdfast.guard.cluster.SeenPod;
import io.holdfast.guard.cluster.TlsSecret;
import io.holdfast.guard.cluster.WebhookRegistration;
import io.holdfast.guard.decide.EvictionRecord;
import io.holdfast.guard.decide.NodeState;
import io.holdfast.kubernetes.ApiServer;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is written to the API server, and what is left alone. */
@Timeout(60)
class ClusterTest {
    private static final String IN_PROGRESS = "descheduler.alpha.kubernetes.io/eviction-in-progress";
    private static final EvictionRecord MOVING = new EvictionRecord(
            Instant.parse("2026-11-26T12:00:00Z"),
            Instant.parse("2026-11-26T12:00:01Z"),
            Optional.of("m1"),
            true,
            false,
            Optional.empty());

    private final FakeApiServer server = new FakeApiServer();
    private final Vertx vertx = Vertx.vertx();
    private final KubernetesClient client = ApiServer.client(vertx, server.config(), Duration.ofSeconds(5));
    private final Pods pods = new Pods(client, FakeApiServer.NAMESPACE);

    @AfterEach
    void endAll() throws Exception {
        client.close();
        server.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @Test
    void podThatHasChangedIsNotOverwritten() {
        server.pod("tm-1", URI.create("http://jm:8081"));
        SeenPod stale = pods.read("tm-1").orElseThrow();
        assertThat(pods.remember(stale, Optional.of(MOVING))).isTrue();

        assertThat(pods.remember(stale, Optional.empty())).isFalse();

        SeenPod now = pods.read("tm-1").orElseThrow();
        assertThat(now.state().record()).contains(MOVING);
        assertThat(now.state().inProgress()).isTrue();
        assertThat(pods.remember(now, Optional.empty())).isTrue();
        assertThat(pods.read("tm-1").orElseThrow().annotations()).containsOnlyKeys("holdfast.io/jobmanager-url");
        assertThat(pods.remember(now, Optional.of(MOVING))).isFalse();
    }

    @Test
    void anothersAnnotationForTheDeschedulerStays() {
        server.pod("tm-1", URI.create("http://jm:8081"));
        server.merge(
                FakeApiServer.pods("tm-1"),
                "{\"metadata\": {\"annotations\": {\"%s\": \"kubevirt\"}}}".formatted(IN_PROGRESS));

        pods.remember(pods.read("tm-1").orElseThrow(), Optional.empty());

        assertThat(server.annotation("tm-1", IN_PROGRESS)).isEqualTo("kubevirt");
    }

    @Test
    void nodesThatAreBeingEmptiedCountAsCordoned() {
        Nodes nodes = new Nodes(client);
        assertThat(nodes.state(Optional.of("node-1"))).isEqualTo(NodeState.SCHEDULABLE);
        server.merge("/api/v1/nodes/node-1", """
                {"spec": {"taints": [{"key": "karpenter.sh/disrupted", "effect": "NoSchedule"}]}}""");

        assertThat(nodes.state(Optional.of("node-1"))).isEqualTo(NodeState.CORDONED);
        assertThat(nodes.state(Optional.of("node-2"))).isEqualTo(NodeState.UNKNOWN);
        assertThat(nodes.state(Optional.empty())).isEqualTo(NodeState.UNKNOWN);
    }

    @Test
    void secretOfAnotherReplicaIsNotOverwritten() {
        TlsSecret secret = new TlsSecret(client, FakeApiServer.NAMESPACE, "tls");
        assertThat(secret.read()).isEmpty();
        assertThat(secret.write(Optional.empty(), Map.of("tls.crt", "first"))).isTrue();
        assertThat(secret.write(Optional.empty(), Map.of("tls.crt", "second"))).isFalse();

        Optional<TlsSecret.Seen> seen = secret.read();
        assertThat(secret.write(seen, Map.of("tls.crt", "third"))).isTrue();
        assertThat(secret.write(seen, Map.of("tls.crt", "fourth"))).isFalse();
        assertThat(secret.read().orElseThrow().entries()).containsExactlyEntriesOf(Map.of("tls.crt", "third"));
    }

    @Test
    void onlyWebhooksOfThisServiceAreGivenTheAuthority() {
        String path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/" + FakeApiServer.WEBHOOK;
        server.put(path, """
                {"webhooks": [
                  {"name": "other", "clientConfig": {"service": {"namespace": "jobs", "name": "other"}}},
                  {"name": "ours", "clientConfig": {"service": {"namespace": "jobs", "name": "%s"}}}]}
                """.formatted(FakeApiServer.SERVICE));
        WebhookRegistration registration =
                new WebhookRegistration(client, FakeApiServer.WEBHOOK, FakeApiServer.NAMESPACE, FakeApiServer.SERVICE);

        assertThat(registration.trust("pem")).isTrue();
        assertThat(registration.trust("pem")).isFalse();

        assertThat(server.get(path).at("/webhooks/0/clientConfig/caBundle").isMissingNode())
                .isTrue();
        assertThat(server.get(path).at("/webhooks/1/clientConfig/caBundle").asText())
                .isEqualTo(GivenCertificates.base64("pem"));
        server.register("Ignore"); // an upgrade of the chart
        assertThat(registration.trust("pem")).isTrue();
        WebhookRegistration elsewhere =
                new WebhookRegistration(client, FakeApiServer.WEBHOOK, "other", FakeApiServer.SERVICE);
        assertThatThrownBy(() -> elsewhere.trust("pem")).hasMessageContaining("HOLDFAST_EVICTION_GUARD_SERVICE");
        server.forbid("patch validatingwebhookconfigurations");
        assertThatThrownBy(() -> registration.trust("other"))
                .hasMessageContaining("Allow the verbs get and patch on it");
    }
}
