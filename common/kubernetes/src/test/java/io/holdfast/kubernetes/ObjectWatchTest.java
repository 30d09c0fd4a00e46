package io.holdfast.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.kubernetes.FakeApiServer;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(90)
class ObjectWatchTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final FakeApiServer server = new FakeApiServer("4Gi");
    private final Vertx vertx = Vertx.vertx();
    private final AtomicInteger lost = new AtomicInteger();
    private volatile String seen = "";
    private KubernetesClient client;
    private ObjectWatch watch;

    @BeforeEach
    void connect() {
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(server.url())
                .withNamespace("elsewhere")
                .build();
        client = ApiServer.client(vertx, config, Duration.ofSeconds(10));
        watch = new ObjectWatch(
                ApiObject.node(client, FakeApiServer.NODE, "Correct it"),
                new ObjectWatch.Follower() {
                    @Override
                    public void seen(GenericKubernetesResource node) {
                        seen = String.valueOf(node.getAdditionalProperties().get("spec"));
                    }

                    @Override
                    public void lost() {
                        lost.incrementAndGet();
                    }
                },
                "nothing is seen");
    }

    @AfterEach
    void disconnect() throws Exception {
        watch.close();
        client.close();
        server.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @Test
    void changesOfTheNodeAreSeen() {
        watched();

        taint("one");

        expect("one");
        assertThat(lost).hasValue(0);
    }

    @Test
    void watchThatTheServerEndsOrTheNetworkBreaksIsBegunAgain() {
        watched();

        server.endWatches();
        taint("one");
        expect("one");
        server.dropWatches();
        taint("two");
        expect("two");
    }

    @Test
    void changeThatHappenedWhileTheServerForgotIsSeen() {
        watched();

        server.forget();
        server.expireWatches();
        taint("one");

        expect("one");
    }

    @Test
    void watchFromAVersionThatIsForgottenIsBegunAnew() {
        watched();
        taint("one");
        expect("one");

        server.dropWatches();
        taint("two");
        server.forget();

        expect("two");
    }

    @Test
    void serverThatEndsEveryWatchAtOnceIsNotKeptBusy() {
        watched();
        for (int i = 0; i < 20; i++) {
            server.expireWatches();
            server.endWatches();
        }
        int before = server.requests().size();
        taint("one");

        expect("one");

        assertThat(server.requests().size() - before).isLessThan(30);
    }

    @Test
    void withoutPermissionToWatchItIsReadAgain() {
        server.forbid("watch nodes");
        watch.start();
        Eventually.until(PATIENCE, () -> assertThat(seen).isEqualTo("{}"));

        taint("one");

        expect("one");
    }

    @Test
    void withoutPermissionToReadNothingIsSeenAndThatIsTold() {
        server.forbid("get nodes");
        watch.start();

        Eventually.until(PATIENCE, () -> assertThat(lost).hasPositiveValue());
        assertThat(seen).isEmpty();
    }

    private void watched() {
        watch.start();
        Eventually.until(PATIENCE, () -> assertThat(server.watches()).isEqualTo(1));
    }

    private void taint(String key) {
        server.changeNode("{\"spec\": {\"taints\": [{\"key\": \"%s\", \"effect\": \"NoSchedule\"}]}}".formatted(key));
    }

    private void expect(String key) {
        Eventually.until(
                PATIENCE, () -> assertThat(seen).as("%s", server.requests()).contains("key=" + key));
    }
}
