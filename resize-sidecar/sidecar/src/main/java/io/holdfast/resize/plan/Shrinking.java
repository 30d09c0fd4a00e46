package io.holdfast.resize.plan;

import io.holdfast.base.ByteSize;
import io.holdfast.resize.plan.Request.Cause;
import io.holdfast.resize.plan.Turn.Report;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The phases of a shrink, from its plan until the container has the smaller limit. */
final class Shrinking {
    private static final String SOFT =
            "The heap's ceiling is only aimed at by this collector: the JVM may still use more, and"
                    + " exceed the limit";
    private static final Duration BETWEEN_RELAPSES = Duration.ofSeconds(2);

    private final MemoryPlanner planner;
    private final Course course;

    Shrinking(MemoryPlanner planner, Course course) {
        this.planner = planner;
        this.course = course;
    }

    void plan(World world) {
        if (world.cancel()) {
            course.end(Outcome.CANCELLED, "Cancelled", world);
        } else if (course.overdue(world)) {
            course.end(Outcome.TIMED_OUT, "Planning took longer than HOLDFAST_RESIZE_SHRINK_TIMEOUT", world);
        } else if (course.steps.isEmpty() && world.taskManager().isPresent()) {
            plan(world.taskManager().get(), world);
        }
    }

    private void plan(TaskManager taskManager, World world) {
        long target = course.operation.targetBytes();
        Optional<String> outOfBounds = course.following.outOfBounds(target, taskManager);
        Split split = planner.shrunk(target, taskManager);
        if (outOfBounds.isPresent()) {
            course.end(Outcome.REFUSED, outOfBounds.get(), world);
        } else if (split.infeasible().isEmpty()) {
            course.operation = course.operation.changing(
                    taskManager.sizes(), split.sizes(), taskManager.heap().hard() ? "" : SOFT);
            course.steps.addAll(taskManager.sizes().shrinkage(split.sizes()));
            course.steps.add(new Step.Trim());
            course.steps.add(verification());
            course.phase = Phase.PREPARING; // within the same time
        } else if (course.measured) {
            course.end(Outcome.REFUSED, split.infeasible().get(), world);
        } else {
            course.measured = true; // what is known to live may have died since
            course.steps.add(new Step.Live());
        }
    }

    void prepare(World world) {
        if (limitMoved(world)) {
            return;
        }
        if (world.cancel()) {
            course.rollBack(Outcome.CANCELLED, "Cancelled", world);
        } else if (course.overdue(world)) {
            String late = course.held ? notSet() : "Not done within HOLDFAST_RESIZE_SHRINK_TIMEOUT";
            course.rollBack(Outcome.TIMED_OUT, late + (course.lastLook.isEmpty() ? "" : ": " + course.lastLook), world);
        } else if (course.steps.isEmpty() && world.taskManager().isPresent() && !relapsed(world)) {
            ready(world);
        }
    }

    private void ready(World world) {
        Operation operation = course.operation;
        course.report(new Report.Ready(operation, world.nowNanos() - operation.startedNanos(), course.held));
        if (course.held) {
            course.phase = Phase.READY; // for the rest of the time
            return;
        }
        course.held = operation.cause() != Cause.REQUEST;
        switch (operation.cause()) {
            case REQUEST -> {
                course.steps.add(course.patch(operation.targetBytes()));
                course.enter(Phase.CONFIRM, course.rules.confirmTimeout(), world);
            }
            case SPEC -> course.enter(Phase.READY, course.rules.confirmTimeout(), world);
            default -> course.enter(Phase.READY, course.rules.readyTimeout(), world);
        }
    }

    void hold(World world) {
        if (limitMoved(world)) {
            return;
        }
        boolean ofThePod = course.operation.cause() == Cause.SPEC;
        boolean revoked = ofThePod
                && world.pod().isPresent()
                && !Limits.same(world.pod().get().limitBytes(), course.operation.targetBytes());
        if (world.cancel()) {
            course.rollBack(Outcome.CANCELLED, "Cancelled", world);
        } else if (revoked) {
            course.rollBack(Outcome.SUPERSEDED, "The pod no longer asks for it", world);
        } else if (course.overdue(world)) {
            course.rollBack(Outcome.TIMED_OUT, notSet(), world);
        } else if (relapsed(world)) {
            course.phase = Phase.PREPARING; // within the same time
        } else if (world.usageBytes().orElse(0) > safeBytes()) {
            course.steps.add(verification()); // page cache has grown since
            course.phase = Phase.PREPARING;
        }
    }

    void confirm(World world) {
        if (limitMoved(world) || !course.steps.isEmpty()) {
            return;
        }
        course.giveUpIfHopeless(world);
        if (course.phase == Phase.CONFIRM) {
            relapsed(world);
        }
    }

    /**
     * Whether the JVM has more than was planned, and is made small again. An agent lets its heap grow, as long as the limit
     * allows, rather than have the JVM run out of memory; a task that is deployed takes the buffers that it must have.
     */
    private boolean relapsed(World world) {
        if (world.taskManager().isEmpty()) {
            return false;
        }
        Sizes planned = course.operation.planned().orElseThrow();
        Sizes now = world.taskManager().get().sizes();
        if (!now.exceeds(planned, course.rules.hysteresisBytes())) {
            return false;
        }
        course.steps.addAll(now.shrinkage(planned));
        if (course.phase != Phase.CONFIRM) {
            course.steps.add(new Step.Trim());
            course.steps.add(verification());
        }
        if (course.relapses++ > 0) {
            course.notBeforeNanos = world.nowNanos() + BETWEEN_RELAPSES.toNanos(); // each may be a full collection
        }
        return true;
    }

    private String notSet() {
        return "The limit was not set within HOLDFAST_RESIZE_%s_TIMEOUT"
                .formatted(course.operation.cause() == Cause.SPEC ? "CONFIRM" : "READY");
    }

    /** Whether the container has another limit than at the begin, and what follows from that has been decided. */
    private boolean limitMoved(World world) {
        long limit = course.limit(world);
        Operation operation = course.operation;
        if (Limits.same(limit, operation.fromBytes())) {
            return false;
        }
        if (limit > operation.fromBytes()) {
            course.rollBack(Outcome.SUPERSEDED, "The limit has become " + new ByteSize(limit), world);
        } else if (!Limits.same(limit, operation.targetBytes())) {
            course.superseded(world);
        } else if (course.phase == Phase.PREPARING) {
            course.steps.removeIf(step -> step instanceof Step.Verify);
            List<Step> left = Step.heapFirst(course.steps);
            course.steps.clear();
            course.steps.addAll(left);
            course.enter(Phase.APPLYING, course.rules.shrinkTimeout(), world);
        } else {
            course.end(Outcome.APPLIED, operation.remark(), world);
        }
        return true;
    }

    private Step verification() {
        return new Step.Verify(safeBytes());
    }

    private long safeBytes() {
        return course.operation.targetBytes() - course.rules.marginBytes();
    }
}
