package io.holdfast.resize.plan;

import io.holdfast.resize.plan.Following.Found;
import io.holdfast.resize.plan.Request.Cause;
import io.holdfast.resize.plan.Turn.Report;
import io.holdfast.resize.plan.World.Failure;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Decides what happens next, from what is known outside. No clock, no I/O: the same worlds in the same order give the same
 * turns. What it remembers is only the resize that is under way and what not to repeat; all sizes are asked anew each time,
 * so a sidecar that has restarted goes on from what it finds.
 *
 * <p>A larger limit is followed once the container has it. A smaller one is a transaction: plan, prepare, verify, ready,
 * only then the limit; whatever goes wrong before ends in the sizes of the begin. A container whose limit is smaller
 * already is followed as far as possible.
 *
 * <p>Not thread-safe: one thread owns it.
 */
public final class ResizeProtocol {
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration LONG_PAUSE = Duration.ofSeconds(5);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);
    private static final int ATTEMPTS = 3;

    private final MemoryPlanner planner;
    private final Following following;
    private final Course course;
    private final Shrinking shrinking;
    private boolean running;

    /**
     * @param nowNanos of the clock that all worlds are given by
     * @param podExpectedUntilNanos how long nothing grows before it is known what the pod asks for: it may be less than the
     *     container has still; {@code nowNanos} where nobody will tell
     */
    public ResizeProtocol(MemoryPlanner planner, Rules rules, long nowNanos, long podExpectedUntilNanos) {
        this.planner = planner;
        this.following = new Following(planner, rules, nowNanos, podExpectedUntilNanos);
        this.course = new Course(rules, following, nowNanos);
        this.shrinking = new Shrinking(planner, course);
    }

    public Phase phase() {
        return course.phase;
    }

    /** The resize that is under way. */
    public Optional<Operation> operation() {
        return Optional.ofNullable(course.operation);
    }

    /** Why the resize that is under way is taken back; blank if it is not. */
    public String reason() {
        return course.reason;
    }

    /** What is being done, or comes next. */
    public Optional<Step> step() {
        return Optional.ofNullable(course.steps.peek());
    }

    /** Why {@code targetBytes} cannot be asked for at all. */
    Optional<String> outOfBounds(long targetBytes, TaskManager taskManager) {
        return following.outOfBounds(targetBytes, taskManager);
    }

    /** When a resize that nothing forces may begin. */
    public long quietUntilNanos() {
        return following.quietUntilNanos();
    }

    /**
     * Begins what was asked for. The caller has asked {@link Admission} before.
     *
     * @throws IllegalStateException if one is under way
     */
    public Turn begin(Request request, World world) {
        if (course.phase != Phase.STABLE) {
            throw new IllegalStateException("a resize is under way: " + course.phase);
        }
        course.begin(request, List.of(), "", world);
        return advance(world);
    }

    /** Goes on as far as possible. */
    public Turn advance(World world) {
        if (running && world.result().isPresent()) {
            running = false;
            finished(world.result().get(), world);
        }
        if (!running) {
            Phase before;
            do {
                before = course.phase;
                decide(world);
            } while (course.phase != before);
        }
        Optional<Step> launch = Optional.empty();
        if (!running && !course.steps.isEmpty() && world.nowNanos() - course.notBeforeNanos >= 0) {
            running = true;
            launch = Optional.of(course.steps.peek());
        }
        return new Turn(launch, course.deadlineNanos, course.notBeforeNanos, course.takeReports());
    }

    private void decide(World world) {
        if (course.phase != Phase.STABLE && restarted(world)) {
            course.steps.removeIf(step -> !(step instanceof Step.Patch));
            if (course.steps.isEmpty() || course.phase != Phase.ROLLING_BACK) {
                course.end(Outcome.FAILED, "The TaskManager has restarted, with sizes of its own", world);
                return;
            }
        }
        switch (course.phase) {
            case STABLE -> following.next(world).ifPresent(found -> follow(found, world));
            case WAIT_CGROUP -> waitForRoom(world);
            case PLAN -> shrinking.plan(world);
            case PREPARING -> shrinking.prepare(world);
            case READY -> shrinking.hold(world);
            case CONFIRM -> shrinking.confirm(world);
            case APPLYING -> {
                if (course.steps.isEmpty()) {
                    course.end(course.incomplete ? Outcome.FAILED : Outcome.APPLIED, course.reason, world);
                }
            }
            case ROLLING_BACK -> rollBackFurther(world);
        }
    }

    private void follow(Found found, World world) {
        if (found.unusable().isPresent()) {
            course.report(new Report.Unusable(found.unusable().get()));
        } else {
            course.begin(found.request(), found.steps(), found.remark(), world);
        }
    }

    private void waitForRoom(World world) {
        if (!course.steps.isEmpty()) {
            return;
        }
        long limit = course.limit(world);
        long target = course.operation.targetBytes();
        if (limit >= target || Limits.same(limit, target)) {
            world.taskManager().ifPresent(taskManager -> {
                course.steps.addAll(taskManager.sizes().growth(planner.grown(limit, taskManager)));
                course.enter(Phase.APPLYING, course.rules.shrinkTimeout(), world);
            });
        } else if (course.lowered(world)) {
            course.superseded(world);
        } else {
            course.giveUpIfHopeless(world);
        }
    }

    private void rollBackFurther(World world) {
        boolean limitPending = course.steps.peek() instanceof Step.Patch;
        if (limitPending && course.othersHaveDecided(world)) {
            course.steps.poll();
            course.attempts = 0;
            course.notBeforeNanos = world.nowNanos();
            limitPending = false;
        }
        if (limitPending && Limits.same(course.limit(world), course.operation.targetBytes())) {
            course.end(Outcome.APPLIED, "After its time: " + course.reason, world);
        } else if (course.steps.isEmpty()) {
            course.endRolledBack(world);
        } else if (!limitPending && course.lowered(world)) {
            course.incomplete = true; // the sizes before would be too large now
            course.superseded(world);
        }
    }

    private void finished(World.Result result, World world) {
        boolean refused = result.failure()
                .filter(failure -> failure.kind() == Failure.Kind.INFEASIBLE)
                .isPresent();
        if (result.step() instanceof Step.Patch && course.phase != Phase.ROLLING_BACK && !refused) {
            course.patchedBy(world); // even without an answer: it may have been done
        }
        if (result.failure().isEmpty()) {
            course.steps.poll();
            course.attempts = 0;
            return;
        }
        Failure failure = result.failure().get();
        boolean stepsAlone = course.phase == Phase.APPLYING || course.phase == Phase.ROLLING_BACK;
        if (failure.kind() == Failure.Kind.NOT_YET && !(stepsAlone && course.overdue(world))) {
            course.lastLook = failure.message();
            course.notBeforeNanos = world.nowNanos() + BETWEEN_LOOKS.toNanos();
            return;
        }
        course.report(new Report.StepFailed(course.operation, result.step(), failure.message()));
        failed(result.step(), failure, world);
    }

    private void failed(Step step, Failure failure, World world) {
        Outcome outcome = switch (failure.kind()) {
            case INFEASIBLE -> Outcome.REFUSED;
            case TIMEOUT -> Outcome.TIMED_OUT;
            case AWAY, OTHER, NOT_YET -> Outcome.FAILED;
        };
        switch (course.phase) {
            case PREPARING -> {
                if (step instanceof Step.Direct && failure.kind() == Failure.Kind.INFEASIBLE && !course.trimmed) {
                    course.trimmed = true; // buffers given back are counted until their garbage is collected
                    course.steps.addFirst(new Step.Trim());
                } else {
                    course.rollBack(outcome, failure.message(), world);
                }
            }
            case READY, CONFIRM -> course.rollBack(outcome, failure.message(), world);
            case APPLYING -> {
                course.incomplete = true;
                course.reason = failure.message();
                boolean shrinks = course.operation.cause() == Cause.LIMIT
                        ? following.lowered()
                        : course.operation.targetBytes() < course.operation.fromBytes();
                if (shrinks) {
                    course.steps.poll(); // the limit is below already: whatever else can be given back helps
                } else {
                    course.steps.clear(); // without room for direct memory there is none for network buffers
                }
            }
            case ROLLING_BACK -> retry(step, world);
            default -> {
                if (course.patched) {
                    course.rollBack(outcome, failure.message(), world);
                } else {
                    course.end(outcome, failure.message(), world);
                }
            }
        }
    }

    private void retry(Step step, World world) {
        course.attempts++;
        if (step instanceof Step.Patch) {
            course.notBeforeNanos = world.nowNanos() + LONG_PAUSE.toNanos(); // the smaller limit may still be set
        } else if (course.attempts < ATTEMPTS) {
            course.notBeforeNanos = world.nowNanos() + PAUSE.toNanos();
        } else {
            course.steps.poll();
            course.attempts = 0;
            course.incomplete = true;
        }
    }

    private boolean restarted(World world) {
        return world.taskManager()
                .filter(taskManager -> taskManager.startedMillis() != course.operation.agentStartedMillis())
                .isPresent();
    }
}
