package io.holdfast.resize;

import io.holdfast.base.ByteSize;
import io.holdfast.resize.plan.Operation;
import io.holdfast.resize.plan.Outcome;
import io.holdfast.resize.plan.Request.Cause;
import io.holdfast.resize.plan.Turn.Report;
import io.holdfast.resize.pod.PodEvents;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells people, meters, waiting requests and the pod's events what happened. Called by the loop; never blocks it. */
final class Reporter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reporter.class);
    private static final int MOST_EVENTS_WAITING = 100;

    private final ResizeMetrics metrics;
    private final History history;
    private final Optional<PodEvents> events;
    private final ExecutorService eventWriter;

    Reporter(ResizeMetrics metrics, History history, Optional<PodEvents> events) {
        this.metrics = metrics;
        this.history = history;
        this.events = events;
        ThreadPoolExecutor writer = new ThreadPoolExecutor(
                1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MOST_EVENTS_WAITING), task -> {
                    Thread thread = new Thread(task, "holdfast-events");
                    thread.setDaemon(true);
                    return thread;
                });
        writer.allowCoreThreadTimeOut(true);
        this.eventWriter = writer;
    }

    void tell(Report report) {
        if (report instanceof Report.Begun begun) {
            begun(begun.operation(), begun.remark());
        } else if (report instanceof Report.Ready ready) {
            ready(ready);
        } else if (report instanceof Report.RollingBack back) {
            LOG.warn("Resize rolled back: {} reason={}", named(back.operation()), back.reason());
        } else if (report instanceof Report.StepFailed failed) {
            LOG.warn("Step failed: {} step={} reason={}", named(failed.operation()), failed.step(), failed.reason());
            metrics.stepFailed();
        } else if (report instanceof Report.Ended ended) {
            ended(ended);
        } else if (report instanceof Report.Unusable unusable) {
            LOG.warn("Limit not followed: reason={}", unusable.reason());
        }
    }

    private static void begun(Operation operation, String remark) {
        if (remark.isBlank()) {
            LOG.info("Resize begun: {}", named(operation));
        } else {
            LOG.warn("Resize begun: {} reason={}", named(operation), remark);
        }
    }

    private void ready(Report.Ready ready) {
        Operation operation = ready.operation();
        long tookMs = ready.nanos() / 1_000_000;
        if (operation.remark().isBlank()) {
            LOG.info("Shrink ready: {} tookMs={}", named(operation), tookMs);
        } else {
            LOG.warn("Shrink ready: {} tookMs={} reason={}", named(operation), tookMs, operation.remark());
        }
        if (!ready.again()) {
            metrics.ready(ready.nanos());
        }
        history.ready(operation);
    }

    private void ended(Report.Ended ended) {
        Operation operation = ended.operation();
        long tookMs = ended.nanos() / 1_000_000;
        String outcome = word(ended.outcome());
        if (ended.outcome() == Outcome.APPLIED || ended.outcome() == Outcome.CANCELLED) {
            LOG.info("Resize ended: {} outcome={} tookMs={} {}", named(operation), outcome, tookMs, reason(ended));
        } else {
            LOG.warn("Resize ended: {} outcome={} tookMs={} {}", named(operation), outcome, tookMs, reason(ended));
        }
        metrics.ended(ended.outcome(), ended.nanos());
        history.ended(ended);
        event(ended);
    }

    private void event(Report.Ended ended) {
        PodEvents.Reason reason = switch (ended.outcome()) {
            case APPLIED -> PodEvents.Reason.RESIZED;
            case REFUSED -> PodEvents.Reason.INFEASIBLE;
            case TIMED_OUT, CANCELLED, SUPERSEDED, FAILED -> PodEvents.Reason.ROLLED_BACK;
            case UNCHANGED -> null;
        };
        if (events.isEmpty() || reason == null) {
            return;
        }
        String message = "TaskManager %s %s%s"
                .formatted(
                        reason == PodEvents.Reason.RESIZED ? "lives by" : "was not resized to",
                        new ByteSize(ended.operation().targetBytes()),
                        ended.reason().isBlank() ? "" : ": " + ended.reason());
        try {
            eventWriter.execute(() -> events.get().write(reason, message));
        } catch (RejectedExecutionException e) {
            LOG.debug("Event not written: too many wait");
        }
    }

    private static String reason(Report.Ended ended) {
        return ended.reason().isBlank() ? "" : "reason=" + ended.reason();
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String named(Operation operation) {
        return operation.request().cause() == Cause.LIMIT
                ? "id=%s cause=limit limitBytes=%d"
                        .formatted(operation.request().id(), operation.targetBytes())
                : "id=%s cause=%s fromBytes=%d toBytes=%d"
                        .formatted(
                                operation.request().id(),
                                word(operation.request().cause()),
                                operation.fromBytes(),
                                operation.targetBytes());
    }

    @Override
    public void close() {
        eventWriter.shutdown();
    }
}
