package io.holdfast.migration.plan;

import io.holdfast.migration.client.MoveState;
import io.holdfast.migration.client.MoveView;
import io.holdfast.migration.plan.Result.Cancelling;
import io.holdfast.migration.plan.Result.Trouble;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Makes one move of many notices: asks for it once, again when the deadline becomes an earlier one, cancels it when no notice
 * is left, and gives up when the time is over. Pure: no clock, no I/O. Not thread-safe.
 *
 * <p>Times are those of {@link System#nanoTime()}, compared by their difference.
 */
public final class MoveProtocol {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
    private static final Duration FREQUENT_LOOK = Duration.ofMillis(100);
    private static final Duration LOOK = Duration.ofMillis(250);
    private static final Duration FREQUENT_FOR = Duration.ofSeconds(5);

    /** A deadline that is less than this before the one that was asked for is that one, measured again. */
    private static final Duration SAME_DEADLINE = Duration.ofSeconds(1);

    /** A TaskManager that is not registered may be about to be, after the JobManager was away. */
    private static final Duration REGISTRATION = Duration.ofSeconds(5);

    /** How long past the deadline it is looked for an end, and how long a JobManager is bothered to cancel. */
    private static final Duration AFTERMATH = Duration.ofSeconds(30);

    /** If nothing has to be done; whatever changes wakes up earlier. */
    private static final Duration QUIET = Duration.ofSeconds(10);

    private final Rules rules;
    private final HeardNotices heard;

    private Phase phase = Phase.QUIET;
    private Optional<Call> calling = Optional.empty();
    private Optional<MoveView> move = Optional.empty();
    private Set<String> covered = Set.of();
    private Set<String> askedFor = Set.of();
    private boolean unsure;
    private boolean told;
    private String trouble = "";
    private long beginNanos;
    private long moveNanos;
    private long askedDeadlineNanos;
    private boolean askedNode;
    private long nextNanos;
    private Duration callPause = FIRST_PAUSE;
    private Duration movePause = FIRST_PAUSE;
    private boolean tooLate;
    private Optional<Long> unregisteredNanos = Optional.empty();
    private long withdrawnNanos;

    /** Whether the end of the operation was told. */
    private boolean over;

    /** Whether the JobManager may take the TaskManager for leaving by a move that has ended, or was given up. */
    private boolean kept;

    /** Whether there was a notice that cannot be withdrawn: then the TaskManager does not stay. */
    private boolean certain;

    public MoveProtocol(Rules rules) {
        this.rules = rules;
        this.heard = new HeardNotices(rules);
    }

    public Phase phase() {
        return phase;
    }

    /** The move that is under way or was last; empty if there is none in this operation. */
    public Optional<MoveView> move() {
        return move;
    }

    /** What hindered it last; blank if nothing did. */
    public String trouble() {
        return trouble;
    }

    /** The notices that are there, oldest first. */
    public List<Notice> notices() {
        return heard.all();
    }

    /** When the tasks must have left; empty if there is no deadline that can still be met. */
    public Optional<Long> deadlineNanos(long nowNanos) {
        return heard.deadlineNanos(nowNanos);
    }

    /** Whether the notice {@code id} still holds up the pod's end. */
    public boolean holds(String id, long nowNanos) {
        boolean settled = (phase == Phase.MOVED || phase == Phase.GIVEN_UP) && covered.contains(id);
        return !settled
                && heard.holdsUntil(id).filter(end -> end - nowNanos > 0).isPresent();
    }

    /**
     * Decides what to do now.
     *
     * @param notices that are there at present
     * @param result of the call that was made last, once
     */
    public Turn advance(long nowNanos, Collection<Notice> notices, Optional<Result> result) {
        List<Report> reports = new ArrayList<>(heard.update(nowNanos, notices));
        certain |= !heard.certainIds().isEmpty();
        result.ifPresent(came -> {
            Optional<Call> call = calling;
            calling = Optional.empty();
            apply(nowNanos, call, came, reports);
        });
        if (calling.isEmpty()) {
            calling = decide(nowNanos, reports);
            return new Turn(calling, lookAgain(nowNanos), reports);
        }
        return new Turn(Optional.empty(), lookAgain(nowNanos), reports);
    }

    private void apply(long now, Optional<Call> call, Result result, List<Report> reports) {
        if (result instanceof Result.Viewed viewed) {
            trouble = "";
            unregisteredNanos = Optional.empty();
            viewed(now, call, viewed.view(), reports);
        } else if (result instanceof Result.Cancelled cancelled) {
            if (call.filter(Call.Stay.class::isInstance).isPresent()) {
                stayed(now, cancelled.how(), reports);
            } else {
                cancelled(now, cancelled.how(), reports);
            }
        } else if (result instanceof Result.Failed failed) {
            failed(now, call, failed, reports);
        }
    }

    private void viewed(long now, Optional<Call> call, MoveView view, List<Report> reports) {
        boolean refreshed = phase == Phase.MOVED;
        boolean nothingNew = view.state() == MoveState.COMPLETED && view.subtasks() == 0;
        callPause = FIRST_PAUSE;
        if (call.filter(Call.Ask.class::isInstance).isPresent()) {
            unsure = false;
            covered = askedFor;
        }
        if (refreshed && nothingNew) {
            nextNanos = now + rules.leaving().toNanos() / 2;
            return;
        }
        if (refreshed) { // there was something again
            begin(now);
        }
        boolean another = move.isEmpty() || !move.get().id().equals(view.id());
        boolean changed = another || move.get().state() != view.state();
        move = Optional.of(view);
        if (another) {
            moveNanos = now;
        }
        if (view.state() == MoveState.COMPLETED) {
            phase = Phase.MOVED;
            kept = true;
            nextNanos = now + rules.leaving().toNanos() / 2;
            end(now, nothingNew ? Outcome.NOTHING : Outcome.MOVED, view.detail(), reports);
            return;
        }
        if (view.state().ended()) {
            ended(now, view, reports);
            return;
        }
        phase = Phase.MOVING;
        nextNanos = now + (now - moveNanos < FREQUENT_FOR.toNanos() ? FREQUENT_LOOK : LOOK).toNanos();
        if (!told) {
            told = true;
            reports.add(new Report.Begun(view, reason()));
        } else if (changed) {
            reports.add(new Report.Progress(view));
        }
    }

    /** A move that failed, or that somebody else has cancelled, is asked for again as long as there is a notice and time. */
    private void ended(long now, MoveView view, List<Report> reports) {
        kept |= view.state() == MoveState.FAILED;
        if (heard.isEmpty()) {
            end(now, tooLate ? Outcome.GIVEN_UP : Outcome.CANCELLED, view.detail(), reports);
            release(now);
            return;
        }
        phase = Phase.ASKING;
        trouble = view.detail().isBlank()
                ? "the move was " + view.state().name().toLowerCase(Locale.ROOT)
                : view.detail();
        nextNanos = now + movePause.toNanos();
        movePause = longer(movePause);
        reports.add(new Report.MoveFailed(view, heard.deadlineNanos(now).isPresent()));
    }

    private void cancelled(long now, Cancelling how, List<Report> reports) {
        if (how == Cancelling.TOO_LATE && move.isPresent()) {
            reports.add(new Report.TooLate(move.get().id()));
            phase = Phase.MOVING;
            tooLate = true;
            nextNanos = now;
            return;
        }
        if (how == Cancelling.OTHERS && move.isPresent()) {
            reports.add(new Report.WantedByOthers(move.get().id()));
        }
        unsure = false;
        end(now, Outcome.CANCELLED, "", reports);
        move = Optional.empty();
        release(now);
    }

    /** There may be a notice again by now: then it is asked for anew what that wants. */
    private void stayed(long now, Cancelling how, List<Report> reports) {
        if (how == Cancelling.TOO_LATE && now - withdrawnNanos <= AFTERMATH.toNanos()) {
            nextNanos = now + callPause.toNanos(); // the move was given up here, and goes on there
            callPause = longer(callPause);
            return;
        }
        if (how == Cancelling.DONE) {
            reports.add(new Report.Stays());
        }
        kept = false;
        phase = Phase.QUIET;
        move = Optional.empty();
    }

    private void failed(long now, Optional<Call> call, Result.Failed failed, List<Report> reports) {
        reports.add(new Report.CallFailed(failed.trouble(), failed.message()));
        boolean asked = call.filter(Call.Ask.class::isInstance).isPresent();
        trouble = failed.message();
        nextNanos = now + callPause.toNanos();
        callPause = longer(callPause);
        if (asked && failed.trouble() == Trouble.AWAY) {
            unsure = true; // it may have heard us
        }
        if (phase == Phase.WITHDRAWING) {
            if (failed.trouble() != Trouble.AWAY || now - withdrawnNanos > AFTERMATH.toNanos()) {
                phase = Phase.QUIET;
                unsure = false;
                if (!over) {
                    end(now, Outcome.CANCELLED, failed.message(), reports);
                }
                move = Optional.empty();
            }
        } else if (phase == Phase.MOVING && failed.trouble() == Trouble.UNKNOWN_MOVE) {
            phase = Phase.ASKING;
            move = Optional.empty();
            nextNanos = now;
        } else if (phase == Phase.ASKING && asked) {
            askedInVain(now, failed, reports);
        } else if (phase == Phase.MOVING && asked && failed.trouble() != Trouble.AWAY) {
            covered = askedFor; // by the move that there is
        }
    }

    private void askedInVain(long now, Result.Failed failed, List<Report> reports) {
        switch (failed.trouble()) {
            case NOT_REGISTERED -> {
                if (unregisteredNanos.isEmpty()) {
                    unregisteredNanos = Optional.of(now);
                }
                if (heard.any(Cause.SIGNAL) || now - unregisteredNanos.get() > REGISTRATION.toNanos()) {
                    phase = Phase.MOVED;
                    covered = askedFor;
                    nextNanos = now + rules.leaving().toNanos() / 2;
                    end(now, Outcome.NOTHING, failed.message(), reports);
                }
            }
            case REFUSED, WITHOUT_MOVES -> giveUp(now, askedFor, reports);
            default -> {} // again, as long as there is time
        }
    }

    private static Duration longer(Duration pause) {
        Duration twice = pause.multipliedBy(2);
        return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
    }

    private Optional<Call> decide(long now, List<Report> reports) {
        if (heard.isEmpty()) {
            return withdraw(now, reports);
        }
        if (phase == Phase.QUIET || settledWithoutSome()) {
            begin(now);
            phase = Phase.ASKING;
            nextNanos = now;
        } else if (phase == Phase.WITHDRAWING
                && over) { // there is a notice again, before it was told that there is none
            begin(now);
            phase = Phase.ASKING;
            nextNanos = now;
        } else if (phase == Phase.WITHDRAWING) { // the same, before it was cancelled
            phase = move.isPresent() ? Phase.MOVING : Phase.ASKING;
        }
        Optional<Long> deadline = heard.deadlineNanos(now);
        return switch (phase) {
            case ASKING -> {
                if (deadline.isEmpty()) {
                    giveUp(now, heard.ids(), reports);
                    yield Optional.empty();
                }
                yield nextNanos - now <= 0 ? Optional.of(ask(now, deadline.get())) : Optional.empty();
            }
            case MOVING -> {
                if (nextNanos - now <= 0 && deadline.isPresent() && moreUrgent(deadline.get())) {
                    yield Optional.of(ask(now, deadline.get()));
                }
                if (deadline.isEmpty() && now - askedDeadlineNanos > AFTERMATH.toNanos()) {
                    giveUp(now, heard.ids(), reports);
                    yield Optional.empty();
                }
                yield nextNanos - now <= 0 && move.isPresent()
                        ? Optional.of(new Call.Look(move.get().id()))
                        : Optional.empty();
            }
            case MOVED ->
                nextNanos - now <= 0
                        ? Optional.of(ask(now, now + rules.undated().toNanos()))
                        : Optional.empty();
            default -> Optional.empty();
        };
    }

    /** What was done was done for other notices, before there was one that is there now. */
    private boolean settledWithoutSome() {
        return (phase == Phase.MOVED || phase == Phase.GIVEN_UP) && !covered.containsAll(heard.ids());
    }

    private boolean moreUrgent(long deadline) {
        return askedDeadlineNanos - deadline > SAME_DEADLINE.toNanos()
                || heard.node() && !askedNode
                || !covered.containsAll(heard.certainIds());
    }

    private Call ask(long now, long deadline) {
        askedDeadlineNanos = deadline;
        askedNode = heard.node();
        askedFor = heard.ids();
        return new Call.Ask(Duration.ofNanos(deadline - now), askedNode, reason());
    }

    private String reason() {
        return heard.all().stream().map(Notice::text).distinct().collect(Collectors.joining("; "));
    }

    private Optional<Call> withdraw(long now, List<Report> reports) {
        switch (phase) {
            case ASKING -> {
                if (unsure) {
                    phase = Phase.WITHDRAWING;
                    withdrawnNanos = now;
                    nextNanos = now;
                } else {
                    end(now, Outcome.CANCELLED, "", reports);
                    release(now);
                }
            }
            case MOVING -> {
                MoveState state = move.map(MoveView::state).orElse(MoveState.OTHER);
                if (state.cancellable() && !tooLate) {
                    phase = Phase.WITHDRAWING;
                    withdrawnNanos = now;
                    nextNanos = now;
                } else if (now - askedDeadlineNanos > AFTERMATH.toNanos()) {
                    giveUp(now, Set.of(), reports);
                    return Optional.empty();
                } else {
                    return nextNanos - now <= 0 && move.isPresent()
                            ? Optional.of(new Call.Look(move.get().id()))
                            : Optional.empty();
                }
            }
            case MOVED, GIVEN_UP -> release(now);
            default -> {}
        }
        if (phase == Phase.WITHDRAWING && nextNanos - now <= 0) {
            if (over) {
                return Optional.of(new Call.Stay());
            }
            return Optional.of(move.isPresent() ? new Call.Cancel(move.get().id()) : new Call.Find());
        }
        return Optional.empty();
    }

    /** Nobody wants anything any more; the JobManager is to know, unless the pod ends anyway. */
    private void release(long now) {
        phase = certain || !kept ? Phase.QUIET : Phase.WITHDRAWING;
        withdrawnNanos = now;
        nextNanos = now;
    }

    private void begin(long now) {
        beginNanos = now;
        over = false;
        move = Optional.empty();
        told = false;
        tooLate = false;
        trouble = "";
        unregisteredNanos = Optional.empty();
        callPause = FIRST_PAUSE;
        movePause = FIRST_PAUSE;
    }

    private void giveUp(long now, Set<String> ids, List<Report> reports) {
        phase = Phase.GIVEN_UP;
        kept |= move.isPresent() || unsure;
        covered = new HashSet<>(ids);
        end(now, Outcome.GIVEN_UP, trouble.isBlank() ? "the time is over" : trouble, reports);
    }

    private void end(long now, Outcome outcome, String detail, List<Report> reports) {
        over = true;
        reports.add(new Report.Ended(
                outcome,
                move.map(MoveView::id).orElse(""),
                move.map(MoveView::subtasks).orElse(0),
                move.map(MoveView::step).orElse(""),
                detail,
                now - beginNanos));
    }

    private long lookAgain(long now) {
        long look = now + QUIET.toNanos();
        if (calling.isEmpty() && phase != Phase.QUIET && phase != Phase.GIVEN_UP) {
            look = earlier(look, nextNanos);
        }
        for (long end : heard.ends()) {
            if (end - now > 0) {
                look = earlier(look, end);
            }
        }
        return look;
    }

    private static long earlier(long one, long other) {
        return one - other < 0 ? one : other;
    }
}
