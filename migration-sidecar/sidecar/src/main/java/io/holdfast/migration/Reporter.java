package io.holdfast.migration;

import io.holdfast.base.DurationGrammar;
import io.holdfast.kubernetes.PodEvents;
import io.holdfast.migration.client.MoveView;
import io.holdfast.migration.plan.Notice;
import io.holdfast.migration.plan.Outcome;
import io.holdfast.migration.plan.Report;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells people, meters and the pod's events what happened. Called by the loop; never blocks it. */
final class Reporter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reporter.class);
    private static final int MOST_EVENTS_WAITING = 100;
    private static final Duration LAST_EVENTS = Duration.ofSeconds(2);

    private final MigrationMetrics metrics;
    private final Optional<PodEvents> events;
    private final Supplier<PodEvents.Pod> pod;
    private final ExecutorService eventWriter;
    private String told = "";

    /** @param pod that events are about, as far as it is known when one is written */
    Reporter(MigrationMetrics metrics, Optional<PodEvents> events, Supplier<PodEvents.Pod> pod) {
        this.metrics = metrics;
        this.events = events;
        this.pod = pod;
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
        if (report instanceof Report.Heard heard) {
            heard(heard);
        } else if (report instanceof Report.Withdrawn withdrawn) {
            LOG.info(
                    "Notice withdrawn: cause={} notice={}",
                    MigrationSettings.word(withdrawn.notice().cause()),
                    withdrawn.notice().text());
        } else if (report instanceof Report.Begun begun) {
            told = "";
            LOG.info("Move begun: id={} reason={}", begun.view().id(), begun.reason());
            event(MigrationEvent.BEGUN, "The tasks of this TaskManager are moved: " + begun.reason());
        } else if (report instanceof Report.Progress progress) {
            LOG.info(
                    "Move goes on: id={} state={} step={}",
                    progress.view().id(),
                    MigrationSettings.word(progress.view().state()),
                    progress.view().step());
        } else if (report instanceof Report.MoveFailed failed) {
            moveFailed(failed);
        } else if (report instanceof Report.CallFailed failed) {
            metrics.callFailed(failed.trouble());
            if (!told.equals(failed.message())) {
                told = failed.message();
                LOG.warn(
                        "JobManager did not help: cause={} reason={}",
                        MigrationSettings.word(failed.trouble()),
                        failed.message());
            }
        } else if (report instanceof Report.TooLate late) {
            LOG.warn("Move not cancelled: id={} reason=it is past the point of no return, and goes on", late.id());
        } else if (report instanceof Report.WantedByOthers others) {
            LOG.info("Move not cancelled: id={} reason=others want it too", others.id());
        } else if (report instanceof Report.Stays) {
            LOG.info("TaskManager stays: reason=no notice is left; tasks may come again");
        } else if (report instanceof Report.Ended ended) {
            ended(ended);
        }
    }

    private void heard(Report.Heard heard) {
        Notice notice = heard.notice();
        metrics.heard(notice.cause());
        LOG.info(
                "Notice heard: cause={} time={} notice={}",
                MigrationSettings.word(notice.cause()),
                DurationGrammar.format(Duration.ofNanos(Math.max(0, heard.leftNanos()))),
                notice.text());
    }

    private void moveFailed(Report.MoveFailed failed) {
        MoveView view = failed.view();
        metrics.moveFailed();
        String detail = view.detail().isBlank() ? MigrationSettings.word(view.state()) : view.detail();
        if (!told.equals(detail)) {
            told = detail;
            LOG.warn(
                    "Move failed: id={} reason={} next={}",
                    view.id(),
                    detail,
                    failed.again() ? "it is asked for again" : "nothing");
            event(MigrationEvent.FAILED, "The tasks of this TaskManager were not moved: " + detail);
        }
    }

    private void ended(Report.Ended ended) {
        metrics.ended(ended.outcome(), ended.nanos());
        told = "";
        long tookMs = TimeUnit.NANOSECONDS.toMillis(ended.nanos());
        String outcome = MigrationSettings.word(ended.outcome());
        if (ended.outcome() == Outcome.GIVEN_UP) {
            LOG.warn(
                    "Move ended, Flink recovers the tasks when the TaskManager is gone: id={} outcome={} tookMs={} reason={}",
                    ended.id(),
                    outcome,
                    tookMs,
                    ended.detail());
        } else {
            LOG.info(
                    "Move ended: id={} outcome={} subtasks={} step={} tookMs={} {}",
                    ended.id(),
                    outcome,
                    ended.subtasks(),
                    ended.step(),
                    tookMs,
                    ended.detail().isBlank() ? "" : "reason=" + ended.detail());
        }
        switch (ended.outcome()) {
            case MOVED ->
                event(
                        MigrationEvent.MOVED,
                        "%d tasks of this TaskManager run elsewhere, after %d ms%s"
                                .formatted(
                                        ended.subtasks(),
                                        tookMs,
                                        ended.step().isBlank() ? "" : ", by " + ended.step()));
            case CANCELLED -> {
                if (!ended.id().isBlank()) {
                    event(MigrationEvent.CANCELLED, "The tasks of this TaskManager stay: the notice was withdrawn");
                }
            }
            case GIVEN_UP ->
                event(MigrationEvent.GIVEN_UP, "The tasks of this TaskManager were not moved: " + ended.detail());
            case NOTHING -> {}
        }
    }

    /** Who held up the pod's end lets go. */
    void released(Notice notice, Drain drain) {
        metrics.held(drain.took().toNanos());
        String detail = drain.detail().isBlank() ? "" : "reason=" + drain.detail();
        if (drain.outcome() == Drain.Outcome.MOVED || drain.outcome() == Drain.Outcome.NOTHING) {
            LOG.info(
                    "End let go: cause={} outcome={} heldMs={}",
                    MigrationSettings.word(notice.cause()),
                    MigrationSettings.word(drain.outcome()),
                    drain.took().toMillis());
        } else {
            LOG.warn(
                    "End let go: cause={} outcome={} heldMs={} {}",
                    MigrationSettings.word(notice.cause()),
                    MigrationSettings.word(drain.outcome()),
                    drain.took().toMillis(),
                    detail);
        }
    }

    private void event(MigrationEvent reason, String message) {
        if (events.isEmpty()) {
            return;
        }
        try {
            eventWriter.execute(() -> events.get().write(pod.get(), reason.type(), reason.word(), message));
        } catch (RejectedExecutionException e) {
            LOG.debug("Event not written: too many wait");
        }
    }

    @Override
    public void close() {
        eventWriter.shutdown();
        try {
            eventWriter.awaitTermination(
                    LAST_EVENTS.toMillis(), TimeUnit.MILLISECONDS); // the last one says how it ended
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
