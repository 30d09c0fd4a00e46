package io.holdfast.resize.plan;

import io.holdfast.base.ByteSize;
import io.holdfast.resize.plan.Request.Cause;
import io.holdfast.resize.plan.Turn.Report;
import io.holdfast.resize.plan.World.Condition;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** The resize that is under way: how far it is, which steps are left, and how it begins and ends. Between two it is empty. */
final class Course {
    /** How long the kubelet may take to judge a new limit; what it said before is about the one before. */
    private static final Duration OLD_NEWS = Duration.ofSeconds(10);

    final Rules rules;
    final Following following;
    final Deque<Step> steps = new ArrayDeque<>();

    Phase phase = Phase.STABLE;
    Operation operation;

    /** No step is begun before. */
    long notBeforeNanos;

    long deadlineNanos;

    /** The pod has been asked for the limit. */
    boolean patched;

    /** Live data has been measured for this one. */
    boolean measured;

    /** Garbage has been collected for direct memory. */
    boolean trimmed;

    /** It has been ready, whatever has come in between since. */
    boolean held;

    /** How often the JVM has been made small again. */
    int relapses;

    /** A step was given up, so nobody knows the sizes. */
    boolean incomplete;

    /** Failures of the step that comes next. */
    int attempts;

    /** Why it is taken back, or was not complete. */
    String reason = "";

    /** What was in the way when usage was looked at last. */
    String lastLook = "";

    private long patchedNanos;
    private Optional<Condition> conditionBefore = Optional.empty();
    private Optional<MemoryRequest> podRequest = Optional.empty();
    private Outcome outcomeInTheEnd;
    private List<Report> reports = new ArrayList<>();

    Course(Rules rules, Following following, long nowNanos) {
        this.rules = rules;
        this.following = following;
        this.notBeforeNanos = nowNanos;
    }

    void begin(Request request, List<Step> first, String remark, World world) {
        long limit = world.limitBytes().orElseThrow();
        operation = new Operation(
                request,
                limit,
                world.pod().map(World.Pod::limitBytes).orElse(limit),
                world.taskManager().orElseThrow().startedMillis(),
                world.nowNanos(),
                Optional.empty(),
                Optional.empty(),
                "");
        conditionBefore = world.pod().flatMap(World.Pod::condition);
        podRequest = world.pod().flatMap(pod -> MemoryRequest.of(pod, podRequest));
        steps.clear();
        steps.addAll(first);
        patched = false;
        measured = false;
        trimmed = false;
        held = false;
        relapses = 0;
        incomplete = false;
        attempts = 0;
        reason = "";
        lastLook = "";
        notBeforeNanos = world.nowNanos();
        reports.add(new Report.Begun(operation, remark));
        if (request.cause() == Cause.LIMIT) {
            enter(Phase.APPLYING, rules.shrinkTimeout(), world);
        } else if (request.targetBytes() > limit) {
            steps.add(patch(request.targetBytes()));
            enter(Phase.WAIT_CGROUP, rules.confirmTimeout(), world);
        } else {
            if (request.cause() == Cause.REQUEST) {
                steps.add(new Step.Check(
                        request.targetBytes(),
                        MemoryRequest.set(podRequest.map(asked -> asked.under(request.targetBytes())))));
            }
            enter(Phase.PLAN, rules.shrinkTimeout(), world);
        }
    }

    /** Asks for a limit, and for as much of the request as goes with it. */
    Step patch(long limitBytes) {
        podRequest = podRequest.map(asked -> asked.under(limitBytes));
        return new Step.Patch(limitBytes, MemoryRequest.set(podRequest));
    }

    /** The pod may have been asked for the limit, at this time. */
    void patchedBy(World world) {
        patched = true;
        patchedNanos = world.nowNanos();
    }

    void enter(Phase next, Duration time, World world) {
        phase = next;
        deadlineNanos = world.nowNanos() + time.toNanos();
    }

    void report(Report report) {
        reports.add(report);
    }

    List<Report> takeReports() {
        List<Report> taken = List.copyOf(reports);
        reports = new ArrayList<>();
        return taken;
    }

    boolean overdue(World world) {
        return world.nowNanos() - deadlineNanos >= 0;
    }

    /** The limit of the container; that of the begin while it cannot be seen. */
    long limit(World world) {
        return world.limitBytes().orElse(operation.fromBytes());
    }

    /** Whether the container has less than at the begin. */
    boolean lowered(World world) {
        return limit(world) < operation.fromBytes() && !Limits.same(limit(world), operation.fromBytes());
    }

    /** Takes back what has been changed. If the limit is lower already, that would be more than there is. */
    void rollBack(Outcome outcome, String why, World world) {
        if (lowered(world)) {
            incomplete = true;
            end(outcome, why, world);
            return;
        }
        if (outcome == Outcome.TIMED_OUT && kubeletGoesOnTrying(world)) {
            end(outcome, why + ". The JVM stays small as long as the pod asks for this", world);
            return;
        }
        outcomeInTheEnd = outcome;
        reason = why;
        attempts = 0;
        steps.clear();
        if (patched && !othersHaveDecided(world)) {
            steps.add(patch(operation.podBytes()));
        }
        operation.before().ifPresent(sizes -> steps.addAll(sizes.restoration(sizes.networkBytes() > 0)));
        reports.add(new Report.RollingBack(operation, why));
        enter(Phase.ROLLING_BACK, rules.shrinkTimeout(), world);
    }

    /** Whether the smaller limit can come at any time, and be taken back by nobody here. */
    private boolean kubeletGoesOnTrying(World world) {
        return operation.cause() == Cause.SPEC
                && world.pod()
                        .map(pod -> Limits.same(pod.limitBytes(), operation.targetBytes()))
                        .orElse(true);
    }

    /** Whether it is for nobody here to ask for the old limit: somebody asks for another one, or there is more already. */
    boolean othersHaveDecided(World world) {
        long limit = limit(world);
        if (limit > operation.fromBytes()
                && !Limits.same(limit, operation.fromBytes())
                && !Limits.same(limit, operation.targetBytes())) {
            return true;
        }
        Optional<Long> wanted = world.pod().map(World.Pod::limitBytes);
        if (wanted.isEmpty() || Limits.same(wanted.get(), operation.targetBytes())) {
            return false;
        }
        boolean mayBeOldNews = Limits.same(wanted.get(), operation.podBytes()) && attempts == 0;
        return !mayBeOldNews;
    }

    /** Ends what has been taken back. */
    void endRolledBack(World world) {
        end(outcomeInTheEnd, reason, world);
    }

    void end(Outcome outcome, String why, World world) {
        reports.add(new Report.Ended(operation, outcome, why, world.nowNanos() - operation.startedNanos()));
        following.ended(operation, outcome, incomplete, world);
        phase = Phase.STABLE;
        operation = null;
        reason = "";
        steps.clear();
    }

    void superseded(World world) {
        end(Outcome.SUPERSEDED, "The limit has become " + new ByteSize(limit(world)), world);
    }

    /** Gives up what Kubernetes has been asked for, if it will not come. */
    void giveUpIfHopeless(World world) {
        Optional<Condition> condition = world.pod()
                .filter(pod -> Limits.same(pod.limitBytes(), operation.targetBytes()))
                .flatMap(World.Pod::condition)
                .filter(found -> !conditionBefore.equals(Optional.of(found))
                        || world.nowNanos() - patchedNanos >= OLD_NEWS.toNanos());
        if (condition.filter(found -> found.kind() == Condition.Kind.INFEASIBLE).isPresent()) {
            rollBack(
                    Outcome.REFUSED,
                    "Kubernetes finds it infeasible: " + condition.get().message(),
                    world);
        } else if (world.cancel() && phase.cancellable()) {
            rollBack(Outcome.CANCELLED, "Cancelled", world);
        } else if (overdue(world)) {
            rollBack(
                    Outcome.TIMED_OUT,
                    "The container did not get its limit within HOLDFAST_RESIZE_CONFIRM_TIMEOUT"
                            + condition.map(found -> ": " + found.message()).orElse(""),
                    world);
        }
    }
}
