package io.holdfast.guard;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.holdfast.guard.cluster.DeclaredEvictions;
import io.holdfast.guard.cluster.Nodes;
import io.holdfast.guard.cluster.Pods;
import io.holdfast.guard.decide.Answer;
import io.holdfast.guard.decide.EvictionPolicy;
import io.holdfast.guard.decide.HousekeepingPolicy;
import io.holdfast.guard.decide.ResponderPolicy;
import io.holdfast.guard.decide.Rules;
import io.holdfast.guard.jobmanager.Moves;
import io.holdfast.guard.webhook.EvictionRequest;
import io.holdfast.kubernetes.ApiServer;
import io.holdfast.kubernetes.PodEvents;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A replica without its process, webhook and lease: the parts that talk to API server and JobManager, at a manual clock. */
final class Assembled implements AutoCloseable {
    static final Rules RULES =
            new Rules(Duration.ofMinutes(10), Duration.ofSeconds(30), Duration.ofSeconds(15), Duration.ofSeconds(2));
    private static final Duration MOVE_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    final Evictions evictions;
    final Housekeeping housekeeping;
    final Responder responder;
    volatile boolean leads = true;
    private final Vertx vertx = Vertx.vertx();
    private final KubernetesClient client;
    private final Moves moves;
    private final Reporter reporter;

    Assembled(FakeApiServer server, ManualClock clock, int limit) {
        client = ApiServer.client(vertx, server.config(), PATIENCE);
        Pods pods = new Pods(client, FakeApiServer.NAMESPACE);
        Nodes nodes = new Nodes(client);
        EvictionPolicy policy = new EvictionPolicy(RULES);
        moves = new Moves(Duration.ofSeconds(4), limit, Duration.ofMinutes(5));
        reporter = new Reporter(new GuardMetrics(meters), new PodEvents(client, "holdfast-eviction-guard"));
        evictions = new Evictions(pods, nodes, moves, policy, MOVE_TIMEOUT, reporter, clock);
        housekeeping =
                new Housekeeping(pods, nodes, moves, new HousekeepingPolicy(policy), reporter, () -> leads, clock);
        responder = new Responder(
                new DeclaredEvictions(client, FakeApiServer.NAMESPACE),
                pods,
                evictions,
                new ResponderPolicy(MOVE_TIMEOUT),
                RULES.retryAfter(),
                () -> leads,
                clock);
    }

    Answer evict(String pod) {
        return evictions.answer(new EvictionRequest("u", FakeApiServer.NAMESPACE, pod, false, "drain"));
    }

    Answer evictDry(String pod) {
        return evictions.answer(new EvictionRequest("u", FakeApiServer.NAMESPACE, pod, true, "drain"));
    }

    double count(String cause) {
        return meters.get("holdfast.guard.request")
                .tag("cause", cause)
                .counter()
                .count();
    }

    @Override
    public void close() {
        responder.close();
        housekeeping.close();
        reporter.close();
        moves.close();
        client.close();
        try {
            vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }
}
