package io.holdfast.guard;

import io.holdfast.base.HoldfastException;
import io.holdfast.guard.cluster.DeclaredEvictions;
import io.holdfast.guard.cluster.DeclaredEvictions.Seen;
import io.holdfast.guard.cluster.DeclaredEvictions.Watched;
import io.holdfast.guard.cluster.Pods;
import io.holdfast.guard.cluster.SeenPod;
import io.holdfast.guard.decide.Answer;
import io.holdfast.guard.decide.Cause;
import io.holdfast.guard.decide.DeclaredEviction;
import io.holdfast.guard.decide.DeclaredEviction.Report;
import io.holdfast.guard.decide.DeclaredEviction.Standing;
import io.holdfast.guard.decide.ResponderPolicy;
import io.holdfast.guard.webhook.EvictionRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Responds to evictions that are objects, on the replica that leads. While it is the guard's turn it asks for the pod again and
 * again, as a drain does at the webhook, and reports the answers; when the answer is that the pod may go, its turn is over.
 * What is called off is called off at the pod, where {@link Housekeeping} sees it. One thread, which is woken by changes.
 */
final class Responder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Responder.class);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final DeclaredEvictions declared;
    private final Pods pods;
    private final Evictions evictions;
    private final ResponderPolicy policy;
    private final Duration pause;
    private final BooleanSupplier leads;
    private final InstantSource clock;
    private final Semaphore wake = new Semaphore(0);
    private final Thread thread;

    /** When each eviction that is under way was asked for last, by its name. Of {@link #thread} alone, as what follows. */
    private final Map<String, Instant> askedAt = new HashMap<>();

    /** The pods of those. */
    private final Map<String, DeclaredEviction> held = new HashMap<>();

    private String told = "";

    /** @param pause before an eviction is asked for again */
    Responder(
            DeclaredEvictions declared,
            Pods pods,
            Evictions evictions,
            ResponderPolicy policy,
            Duration pause,
            BooleanSupplier leads,
            InstantSource clock) {
        this.declared = declared;
        this.pods = pods;
        this.evictions = evictions;
        this.policy = policy;
        this.pause = pause;
        this.leads = leads;
        this.clock = clock;
        this.thread = new Thread(this::run, "holdfast-responder");
        thread.setDaemon(true);
    }

    void start() {
        LOG.info("EvictionRequests followed: responder={} api=lifecycle.k8s.io/v1alpha1", DeclaredEvictions.RESPONDER);
        thread.start();
    }

    void wake() {
        wake.release();
    }

    boolean alive() {
        return thread.isAlive();
    }

    private void run() {
        try {
            while (true) {
                if (leads.getAsBoolean()) {
                    lead();
                }
                pause();
            }
        } catch (InterruptedException e) {
            LOG.debug("Responder ended");
        }
    }

    private void pause() throws InterruptedException {
        if (wake.tryAcquire(POLL.toNanos(), TimeUnit.NANOSECONDS)) {
            wake.drainPermits();
        }
    }

    /** Until it leads no more. Then another replica responds, which finds at the pods what this one has begun. */
    private void lead() throws InterruptedException {
        try (Watched watched = declared.watch(this::wake)) {
            while (leads.getAsBoolean()) {
                if (watched.complete()) {
                    look(watched.all());
                }
                pause();
            }
        } finally {
            held.clear();
            askedAt.clear();
        }
    }

    private void look(List<Seen> all) throws InterruptedException {
        Set<String> there = new HashSet<>();
        for (Seen seen : all) {
            there.add(seen.eviction().name());
            guarded(seen.eviction(), () -> respond(seen));
        }
        for (DeclaredEviction gone : List.copyOf(held.values())) {
            if (!there.contains(gone.name())) {
                guarded(gone, () -> callOff(gone));
            }
        }
    }

    private void guarded(DeclaredEviction eviction, Runnable work) throws InterruptedException {
        try {
            work.run();
        } catch (HoldfastException e) {
            if (!told.equals(e.getMessage())) {
                told = e.getMessage();
                LOG.warn(
                        "Eviction not responded to: eviction={} pod={} reason={}",
                        eviction.name(),
                        eviction.pod(),
                        told);
            }
        } catch (RuntimeException e) {
            LOG.error("Eviction not responded to: eviction={} pod={}", eviction.name(), eviction.pod(), e);
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    private void respond(Seen seen) {
        DeclaredEviction eviction = seen.eviction();
        if (eviction.acts()) {
            ask(seen);
        } else if (eviction.standing() == Standing.CANCELED) {
            callOff(eviction);
        } else {
            forget(eviction);
        }
    }

    private void ask(Seen seen) {
        DeclaredEviction eviction = seen.eviction();
        Instant now = clock.instant();
        Instant before = askedAt.get(eviction.name());
        if (before != null && Duration.between(before, now).compareTo(pause) < 0) {
            return;
        }
        held.put(eviction.name(), eviction);
        askedAt.put(eviction.name(), now);
        Answer answer = answer(eviction);
        Optional<Report> report = policy.report(eviction, answer, clock.instant());
        if (report.isPresent() && declared.report(seen, report.get())) {
            told = "";
            if (answer.allowed()) {
                LOG.info(
                        "Eviction responded to: eviction={} pod={} reason={}",
                        eviction.name(),
                        eviction.pod(),
                        answer.message());
                forget(eviction);
            }
        }
    }

    private Answer answer(DeclaredEviction eviction) {
        boolean same = pods.read(eviction.pod())
                .filter(pod -> pod.uid().equals(eviction.podUid()))
                .isPresent();
        return same
                ? evictions.answer(new EvictionRequest(
                        eviction.name(),
                        pods.namespace(),
                        eviction.pod(),
                        false,
                        eviction.requesters().isEmpty()
                                ? "Eviction " + eviction.name()
                                : String.join(", ", eviction.requesters())))
                : Answer.allow(Cause.NOT_RUNNING, "The pod is gone");
    }

    /** Only what was begun here: an eviction of the pod that began later is another's. */
    private void callOff(DeclaredEviction eviction) {
        if (!held.containsKey(eviction.name())) {
            return;
        }
        Optional<SeenPod> pod =
                pods.read(eviction.pod()).filter(seen -> seen.uid().equals(eviction.podUid()));
        if (pod.isEmpty() || pods.callOff(pod.get())) {
            LOG.info("Eviction called off: eviction={} pod={}", eviction.name(), eviction.pod());
            forget(eviction);
        }
    }

    private void forget(DeclaredEviction eviction) {
        held.remove(eviction.name());
        askedAt.remove(eviction.name());
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
