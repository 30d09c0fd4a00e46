package io.holdfast.resize.apply;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.resize.agent.AgentClient;
import io.holdfast.resize.agent.AgentRefusal;
import io.holdfast.resize.observe.CgroupMemory;
import io.holdfast.resize.plan.Step;
import io.holdfast.resize.plan.TaskManager;
import io.holdfast.resize.plan.World.Failure;
import io.holdfast.resize.pod.OwnPod;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does one step, and says how it went. Blocks until it is done, or its time is over. Never throws. */
public final class StepRunner {
    private static final Logger LOG = LoggerFactory.getLogger(StepRunner.class);
    private static final Duration LEAST = Duration.ofSeconds(1);

    private final AgentClient agent;
    private final Supplier<Optional<CgroupMemory>> memory;
    private final Optional<OwnPod> pod;
    private final PageCache pageCache = new PageCache();

    /** @param memory of the container, if it can be seen now */
    public StepRunner(AgentClient agent, Supplier<Optional<CgroupMemory>> memory, Optional<OwnPod> pod) {
        this.agent = agent;
        this.memory = memory;
        this.pod = pod;
    }

    /** @return why it was not done; empty if it was */
    public Optional<Failure> run(Step step, Duration time) {
        Duration left = time.compareTo(LEAST) < 0 ? LEAST : time;
        try {
            LOG.debug("Step begun: step={} timeout={}", step, left);
            return perform(step, left);
        } catch (AgentRefusal e) {
            return Optional.of(new Failure(kind(e.code()), "The agent refused: " + e.getMessage()));
        } catch (HoldfastException e) {
            return Optional.of(new Failure(
                    e.disposition() == Disposition.RETRYABLE ? Failure.Kind.OTHER : Failure.Kind.INFEASIBLE,
                    e.getMessage()));
        } catch (IOException e) {
            return Optional.of(new Failure(Failure.Kind.AWAY, e.getMessage()));
        } catch (RuntimeException | Error e) { // whoever waits for the step would wait for ever
            LOG.error("Step failed by an error of its own: step={}. Report it, with this stack trace", step, e);
            return Optional.of(new Failure(Failure.Kind.OTHER, e.toString()));
        }
    }

    private Optional<Failure> perform(Step step, Duration time) throws IOException, AgentRefusal {
        if (step instanceof Step.Network network) {
            agent.network(network.bytes(), time);
        } else if (step instanceof Step.Direct direct) {
            agent.direct(direct.bytes(), time);
        } else if (step instanceof Step.Heap heap) {
            agent.heap(heap.bytes(), time);
        } else if (step instanceof Step.Trim) {
            agent.trim(time);
        } else if (step instanceof Step.Live) {
            agent.live(time);
        } else if (step instanceof Step.Verify verify) {
            return verify(verify.bytes());
        } else if (step instanceof Step.Check check) {
            check(check);
        } else if (step instanceof Step.Patch patch) {
            requirePod().resize(patch.bytes(), patch.requestBytes());
        }
        return Optional.empty();
    }

    private Optional<Failure> verify(long mostBytes) throws IOException, AgentRefusal {
        Optional<CgroupMemory> visible = memory.get();
        long usage;
        long reclaimable;
        if (visible.isPresent()) {
            usage = visible.get().usageBytes();
            reclaimable = visible.get().reclaimableBytes();
        } else {
            TaskManager.Cgroup seen = agent.status()
                    .cgroup()
                    .orElseThrow(() -> new IOException("Neither sidecar nor agent can see the container's usage"));
            usage = seen.usageBytes();
            reclaimable = seen.reclaimableBytes();
        }
        if (usage <= mostBytes) {
            return Optional.empty();
        }
        boolean asked =
                visible.isPresent() && pageCache.reclaim(visible.get(), Math.min(reclaimable, usage - mostBytes));
        return Optional.of(new Failure(
                Failure.Kind.NOT_YET,
                "The container uses %dMi, page cache included, and %dMi would be safe; %dMi could be reclaimed%s"
                        .formatted(
                                usage >> 20, mostBytes >> 20, reclaimable >> 20, asked ? ", and was asked for" : "")));
    }

    private void check(Step.Check check) {
        try {
            requirePod().check(check.bytes(), check.requestBytes());
        } catch (HoldfastException e) {
            if (e.disposition() != Disposition.RETRYABLE) {
                throw e;
            }
            LOG.debug("Not known beforehand whether the limit can be set: reason={}", e.getMessage());
        }
    }

    private OwnPod requirePod() {
        return pod.orElseThrow(() -> new IllegalStateException("a limit was to be set without a pod"));
    }

    private static Failure.Kind kind(String code) {
        return switch (code) {
            case "infeasible", "unsupported", "no-network-memory", "ambiguous" -> Failure.Kind.INFEASIBLE;
            case "timeout" -> Failure.Kind.TIMEOUT;
            case "busy" -> Failure.Kind.NOT_YET;
            default -> Failure.Kind.OTHER;
        };
    }
}
