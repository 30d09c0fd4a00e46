package io.holdfast.guard;

import io.holdfast.base.HoldfastException;
import io.holdfast.guard.cluster.Nodes;
import io.holdfast.guard.cluster.Pods;
import io.holdfast.guard.cluster.SeenPod;
import io.holdfast.guard.decide.Answer;
import io.holdfast.guard.decide.Cause;
import io.holdfast.guard.decide.EvictionPolicy;
import io.holdfast.guard.decide.EvictionRecord;
import io.holdfast.guard.decide.JobManagerSays;
import io.holdfast.guard.decide.NodeState;
import io.holdfast.guard.decide.Verdict;
import io.holdfast.guard.jobmanager.Addresses;
import io.holdfast.guard.jobmanager.Moves;
import io.holdfast.guard.jobmanager.Tenant;
import io.holdfast.guard.jobmanager.Wish;
import io.holdfast.guard.webhook.EvictionRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Answers requests to evict pods. What is remembered stands at the pod, and what goes on stands at the JobManager, so that each
 * request may come to another replica. Thread-safe.
 */
final class Evictions {
    private static final int TRIES = 4;

    private final Pods pods;
    private final Nodes nodes;
    private final Moves moves;
    private final EvictionPolicy policy;
    private final Duration moveTimeout;
    private final Reporter reporter;
    private final InstantSource clock;

    Evictions(
            Pods pods,
            Nodes nodes,
            Moves moves,
            EvictionPolicy policy,
            Duration moveTimeout,
            Reporter reporter,
            InstantSource clock) {
        this.pods = pods;
        this.nodes = nodes;
        this.moves = moves;
        this.policy = policy;
        this.moveTimeout = moveTimeout;
        this.reporter = reporter;
        this.clock = clock;
    }

    /** Blocks as long as API server and JobManager take. Never fails because of them. */
    Answer answer(EvictionRequest request) {
        long begin = System.nanoTime();
        Round round = new Round(request);
        Answer answer;
        try {
            answer = round.answer();
        } catch (HoldfastException e) {
            answer = Answer.allow(Cause.FAILED, e.getMessage());
        }
        reporter.answered(
                request,
                round.pod,
                answer,
                round.before,
                round.after,
                clock.instant(),
                Duration.ofNanos(System.nanoTime() - begin));
        return answer;
    }

    /** One request. */
    private final class Round {
        private final EvictionRequest request;
        private Optional<SeenPod> pod = Optional.empty();
        private Optional<EvictionRecord> before = Optional.empty();
        private Optional<EvictionRecord> after = Optional.empty();

        Round(EvictionRequest request) {
            this.request = request;
        }

        Answer answer() {
            if (!request.namespace().equals(pods.namespace())) {
                return Answer.allow(Cause.UNGUARDED, "The guard of this namespace is another one");
            }
            pod = pods.read(request.pod());
            if (pod.isEmpty()) {
                return Answer.allow(Cause.NOT_RUNNING, "There is no such pod");
            }
            SeenPod seen = pod.get();
            before = seen.state().record();
            NodeState node = seen.state().guarded() ? nodes.state(seen.node()) : NodeState.UNKNOWN;
            Instant now = clock.instant();
            Optional<Answer> atOnce = policy.atOnce(seen.state(), node, now);
            if (atOnce.isPresent()) {
                return atOnce.get();
            }
            Optional<Tenant> tenant = Tenants.of(seen);
            if (tenant.isEmpty()) {
                return Answer.allow(
                        Cause.UNLOCATED,
                        "The pod has neither a label app nor a usable annotation %s, so its JobManager is not known"
                                .formatted(Addresses.JOBMANAGER_URL));
            }
            EvictionRecord asked = policy.asked(seen.state(), node, now);
            Wish wish = new Wish(
                    tenant.get(),
                    "eviction of pod %s/%s by %s".formatted(seen.namespace(), seen.name(), request.requester()),
                    policy.moveTimeout(asked, moveTimeout, now),
                    node == NodeState.CORDONED,
                    asked.move());
            JobManagerSays says = request.dryRun() ? moves.dryRun(wish) : moves.start(wish);
            Verdict verdict = policy.decide(seen.state(), asked, says, clock.instant());
            return request.dryRun() ? verdict.answer() : remembered(seen, node, says, verdict);
        }

        /** An eviction that cannot be remembered is allowed: without its first time it would be held for ever. */
        private Answer remembered(SeenPod first, NodeState node, JobManagerSays says, Verdict firstVerdict) {
            SeenPod seen = first;
            Verdict verdict = firstVerdict;
            for (int tries = 0; tries < TRIES; tries++) {
                after = verdict.record();
                if (after.isEmpty() || !policy.worthWriting(seen.state().record(), after.get())) {
                    return verdict.answer();
                }
                try {
                    if (pods.remember(seen, after)) {
                        return verdict.answer();
                    }
                } catch (HoldfastException e) {
                    return Answer.allow(Cause.NOT_REMEMBERED, e.getMessage());
                }
                reporter.conflict();
                Optional<SeenPod> again = pods.read(request.pod());
                if (again.isEmpty() || !again.get().state().running()) {
                    return Answer.allow(Cause.NOT_RUNNING, "The pod is gone meanwhile");
                }
                seen = again.get();
                Instant now = clock.instant();
                verdict = policy.decide(seen.state(), policy.asked(seen.state(), node, now), says, now);
            }
            return Answer.allow(
                    Cause.NOT_REMEMBERED, "The pod changed %d times while it was to be annotated".formatted(TRIES));
        }
    }
}
