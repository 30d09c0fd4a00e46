package io.holdfast.guard.decide;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Decides what an eviction is told. A sequence of requests for one pod is one eviction: it begins with the first, and is over
 * when it is given up ({@link #over}).
 */
public final class EvictionPolicy {
    /** What the descheduler wants to read in a refusal, to believe that the eviction goes on without it. */
    static final String EVACUATION = "Eviction triggered evacuation";

    private final Rules rules;

    public EvictionPolicy(Rules rules) {
        this.rules = rules;
    }

    /** The answer, if no JobManager has to be asked for it. */
    public Optional<Answer> atOnce(PodState pod, NodeState node, Instant now) {
        if (!pod.guarded()) {
            return Optional.of(Answer.allow(Cause.UNGUARDED, "The pod is not guarded"));
        }
        if (!pod.running()) {
            return Optional.of(Answer.allow(Cause.NOT_RUNNING, "The pod runs no tasks"));
        }
        return pod.record()
                .filter(record -> !over(record, node, pod.background(), now))
                .filter(record -> forced(record, now))
                .map(record -> Answer.allow(
                        Cause.FORCED,
                        "The eviction was asked for %s ago, which is longer than HOLDFAST_EVICTION_GUARD_FORCE_AFTER"
                                .formatted(seconds(Duration.between(record.first(), now)))));
    }

    /** The record with one more request. */
    public EvictionRecord asked(PodState pod, NodeState node, Instant now) {
        boolean cordoned = node == NodeState.CORDONED;
        return pod.record()
                .filter(record -> !over(record, node, pod.background(), now))
                .map(record -> record.askedAgain(now, cordoned))
                .orElseGet(() -> EvictionRecord.begun(now, cordoned));
    }

    /** How long the move may take: not longer than the eviction is held up at all. */
    public Duration moveTimeout(EvictionRecord record, Duration wanted, Instant now) {
        Duration left = Duration.between(now, record.first().plus(rules.forceAfter()));
        return left.compareTo(wanted) < 0 ? left : wanted;
    }

    /** What an eviction is told after the JobManager was asked. {@code asked} is what {@link #asked} gave. */
    public Verdict decide(PodState pod, EvictionRecord asked, JobManagerSays says, Instant now) {
        Optional<Duration> retry = pod.background() ? Optional.empty() : Optional.of(rules.retryAfter());
        if (says instanceof JobManagerSays.Moving moving) {
            return new Verdict(
                    Answer.askAgain(
                            Cause.MOVING,
                            "%s of the tasks of TaskManager %s: move %s is in state %s. Ask again in %s"
                                    .formatted(
                                            EVACUATION,
                                            pod.name(),
                                            moving.id(),
                                            moving.state(),
                                            seconds(rules.retryAfter())),
                            retry),
                    Optional.of(asked.moving(moving.id())));
        }
        if (says instanceof JobManagerSays.WouldMove) {
            return new Verdict(
                    Answer.askAgain(
                            Cause.MOVING,
                            "%s of the tasks of TaskManager %s, if this was no dry run"
                                    .formatted(EVACUATION, pod.name()),
                            retry),
                    Optional.empty());
        }
        if (says instanceof JobManagerSays.Busy busy) {
            return new Verdict(
                    Answer.askAgain(
                            Cause.WAITING,
                            "TaskManager %s waits until others of its JobManager have been moved: %s. Ask again in %s"
                                    .formatted(pod.name(), busy.others(), seconds(rules.retryAfter())),
                            retry),
                    Optional.of(asked.withoutMove()));
        }
        if (says instanceof JobManagerSays.MoveFailed failed) {
            return new Verdict(
                    Answer.askAgain(
                            Cause.MOVE_FAILED,
                            "The tasks of TaskManager %s were not moved: %s. It is tried again when the eviction is asked for"
                                            .formatted(pod.name(), failed.why())
                                    + " again, until " + asked.first().plus(rules.forceAfter()),
                            retry),
                    Optional.of(asked.withoutMove()));
        }
        if (says instanceof JobManagerSays.Away away) {
            return away(pod, asked.away(now), away.why(), retry, now);
        }
        if (says instanceof JobManagerSays.Refused refused) {
            return allow(Cause.REFUSED, "The JobManager refuses the move: " + refused.why());
        }
        if (says instanceof JobManagerSays.NoTaskManager) {
            return allow(Cause.NO_TASKMANAGER, "The JobManager knows no TaskManager in this pod");
        }
        return allow(Cause.MOVED, "No tasks are left in this pod");
    }

    private Verdict away(PodState pod, EvictionRecord record, String why, Optional<Duration> retry, Instant now) {
        Duration away = Duration.between(record.awaySince().orElse(now), now);
        if (away.compareTo(rules.awayBudget()) >= 0) {
            return allow(
                    Cause.JOBMANAGER_AWAY, "The JobManager has not answered for %s: %s".formatted(seconds(away), why));
        }
        return new Verdict(
                Answer.askAgain(
                        Cause.JOBMANAGER_AWAITED,
                        "The JobManager of TaskManager %s does not answer, and is waited for: %s. Ask again in %s"
                                .formatted(pod.name(), why, seconds(rules.retryAfter())),
                        retry),
                Optional.of(record));
    }

    private static Verdict allow(Cause cause, String message) {
        return new Verdict(Answer.allow(cause, message), Optional.empty());
    }

    /**
     * Whether nobody wants the eviction any more: it was not asked for again in time, and the node takes pods again. The
     * descheduler asks once, and does not cordon: of its evictions silence says nothing while the move is under way.
     */
    boolean over(EvictionRecord record, NodeState node, boolean background, Instant now) {
        boolean silent = Duration.between(record.last(), now).compareTo(rules.withdrawAfter()) >= 0;
        return silent && node != NodeState.CORDONED && !(background && !record.cordoned() && record.underWay());
    }

    boolean forced(EvictionRecord record, Instant now) {
        return Duration.between(record.first(), now).compareTo(rules.forceAfter()) >= 0;
    }

    /** Whether {@code next} has to be written: that it was asked for again within moments does not. */
    public boolean worthWriting(Optional<EvictionRecord> written, EvictionRecord next) {
        return written.filter(before -> before.askedAgain(next.last(), false).equals(next))
                .filter(before -> Duration.between(before.last(), next.last())
                                .multipliedBy(4)
                                .compareTo(rules.withdrawAfter())
                        < 0)
                .isEmpty();
    }

    private static String seconds(Duration duration) {
        return (duration.toMillis() + 500) / 1000 + " s";
    }
}
