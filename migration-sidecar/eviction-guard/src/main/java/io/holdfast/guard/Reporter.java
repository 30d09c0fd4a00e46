package io.holdfast.guard;

import io.holdfast.guard.cluster.SeenPod;
import io.holdfast.guard.decide.Answer;
import io.holdfast.guard.decide.Cause;
import io.holdfast.guard.decide.EvictionRecord;
import io.holdfast.guard.jobmanager.Moves.Withdrawal;
import io.holdfast.guard.webhook.EvictionRequest;
import io.holdfast.kubernetes.PodEvents;
import io.holdfast.kubernetes.PodEvents.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells people, meters and the pod's events what became of evictions. Never blocks. Thread-safe. */
final class Reporter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reporter.class);
    private static final int MOST_EVENTS_WAITING = 100;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final GuardMetrics metrics;
    private final PodEvents events;
    private final ThreadPoolExecutor eventWriter;

    Reporter(GuardMetrics metrics, PodEvents events) {
        this.metrics = metrics;
        this.events = events;
        this.eventWriter = new ThreadPoolExecutor(
                1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MOST_EVENTS_WAITING), task -> {
                    Thread thread = new Thread(task, "holdfast-events");
                    thread.setDaemon(true);
                    return thread;
                });
        eventWriter.allowCoreThreadTimeOut(true);
    }

    /**
     * @param before what was remembered, before this request
     * @param after what is remembered, after it; absent if nothing is
     */
    void answered(
            EvictionRequest request,
            Optional<SeenPod> pod,
            Answer answer,
            Optional<EvictionRecord> before,
            Optional<EvictionRecord> after,
            Instant now,
            Duration took) {
        metrics.answered(answer.cause(), request.dryRun(), took);
        if (request.dryRun() || answer.cause() == Cause.UNGUARDED || answer.cause() == Cause.NOT_RUNNING) {
            LOG.debug("Eviction answered: {}", line(request, answer, took));
            return;
        }
        if (answer.allowed()) {
            before.ifPresent(record -> metrics.allowedAfter(Duration.between(record.first(), now)));
            boolean well = answer.cause() == Cause.MOVED || answer.cause() == Cause.NO_TASKMANAGER;
            if (well) {
                LOG.info("Eviction allowed: {}", line(request, answer, took));
            } else {
                LOG.warn("Eviction allowed: {}", line(request, answer, took));
            }
            pod.ifPresent(seen -> event(
                    seen,
                    well ? Type.NORMAL : Type.WARNING,
                    well ? "EvictionAllowed" : answer.cause() == Cause.FORCED ? "EvictionForced" : "EvictionNotHeld",
                    answer.message()));
            return;
        }
        boolean told = before.isPresent()
                && before.get().move().equals(after.flatMap(EvictionRecord::move))
                && before.get().underWay()
                        == after.filter(EvictionRecord::underWay).isPresent()
                && before.get().awaySince().isPresent()
                        == after.flatMap(EvictionRecord::awaySince).isPresent();
        if (told) {
            LOG.debug("Eviction answered: {}", line(request, answer, took));
        } else {
            LOG.info("Eviction held: {}", line(request, answer, took));
            pod.ifPresent(seen -> event(
                    seen,
                    answer.cause() == Cause.MOVE_FAILED ? Type.WARNING : Type.NORMAL,
                    answer.cause() == Cause.MOVE_FAILED ? "EvictionMoveFailed" : "EvictionHeld",
                    answer.message()));
        }
    }

    /** Of an eviction that was answered without having been decided. */
    void undecided(EvictionRequest request, Answer answer) {
        metrics.undecided(answer.cause());
        LOG.warn(
                "Eviction allowed: pod={}/{} cause={} reason={}",
                request.namespace(),
                request.pod(),
                answer.cause().word(),
                answer.message());
    }

    void withdrawn(SeenPod pod, String move, Withdrawal withdrawal) {
        metrics.withdrawn();
        LOG.info(
                "Eviction withdrawn: pod={}/{} move={} outcome={}",
                pod.namespace(),
                pod.name(),
                move,
                withdrawal.name().toLowerCase(Locale.ROOT).replace('_', '-'));
        event(
                pod,
                Type.NORMAL,
                "EvictionWithdrawn",
                switch (withdrawal) {
                    case CANCELLED -> "Nobody asks for the eviction any more, so move %s was cancelled".formatted(move);
                    case WANTED_BY_OTHERS ->
                        "Nobody asks for the eviction any more; move %s goes on, for others want it".formatted(move);
                    case STAYS, TOO_LATE, UNKNOWN ->
                        "Nobody asks for the eviction any more, after move %s has ended; tasks may come again"
                                .formatted(move);
                });
    }

    void released(SeenPod pod) {
        LOG.info("Eviction over, the pod stays and tasks may come again: pod={}/{}", pod.namespace(), pod.name());
    }

    void settled(SeenPod pod, String move, boolean moved) {
        LOG.info("Move over: pod={}/{} move={} moved={}", pod.namespace(), pod.name(), move, moved);
    }

    void conflict() {
        metrics.conflict();
    }

    private void event(SeenPod pod, Type type, String reason, String message) {
        try {
            eventWriter.execute(() -> write(pod, type, reason, message));
        } catch (RejectedExecutionException e) {
            LOG.debug("Event not written: too many wait");
        }
    }

    private void write(SeenPod pod, Type type, String reason, String message) {
        try {
            events.write(
                    new PodEvents.Pod(pod.namespace(), pod.name(), pod.uid(), Optional.empty()), type, reason, message);
        } catch (RuntimeException e) {
            LOG.debug("Event not written", e);
        }
    }

    private static String line(EvictionRequest request, Answer answer, Duration took) {
        return "pod=%s/%s requester=%s dryRun=%s cause=%s tookMs=%d reason=%s"
                .formatted(
                        request.namespace(),
                        request.pod(),
                        request.requester(),
                        request.dryRun(),
                        answer.cause().word(),
                        took.toMillis(),
                        answer.message());
    }

    /** Writes what waits to be written, for a moment. */
    @Override
    public void close() {
        eventWriter.shutdown();
        try {
            if (!eventWriter.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                eventWriter.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
