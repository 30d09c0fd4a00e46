package io.holdfast.resize.plan;

import io.holdfast.base.ByteSize;
import io.holdfast.resize.plan.Request.Cause;
import io.holdfast.resize.plan.Turn.Report;
import io.holdfast.resize.plan.World.Condition;
import io.holdfast.resize.plan.World.Failure;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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
    private final Rules rules;
    private final Following following;

    private Phase phase = Phase.STABLE;
    private Operation operation;
    private final Deque<Step> steps = new ArrayDeque<>();
    private boolean running;
    private boolean measured;
    private boolean trimmed;
    private boolean patched;
    private boolean incomplete;
    private int attempts;
    private long deadlineNanos;
    private long notBeforeNanos;
    private Outcome endOutcome;
    private String endReason = "";
    private String lastLook = "";
    private List<Report> reports = new ArrayList<>();

    /** @param nowNanos of the clock that all worlds are given by */
    public ResizeProtocol(MemoryPlanner planner, Rules rules, long nowNanos) {
        this.planner = planner;
        this.rules = rules;
        this.following = new Following(planner, rules, nowNanos);
        this.notBeforeNanos = nowNanos;
    }

    public Phase phase() {
        return phase;
    }

    /** The resize that is under way. */
    public Optional<Operation> operation() {
        return Optional.ofNullable(operation);
    }

    /** Why the resize that is under way is taken back; blank if it is not. */
    public String reason() {
        return endReason;
    }

    /** What is being done, or comes next. */
    public Optional<Step> step() {
        return Optional.ofNullable(steps.peek());
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
        if (phase != Phase.STABLE) {
            throw new IllegalStateException("a resize is under way: " + phase);
        }
        start(request, world, "");
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
                before = phase;
                decide(world);
            } while (phase != before);
        }
        Optional<Step> launch = Optional.empty();
        if (!running && !steps.isEmpty() && world.nowNanos() - notBeforeNanos >= 0) {
            running = true;
            launch = Optional.of(steps.peek());
        }
        Turn turn = new Turn(launch, deadlineNanos, notBeforeNanos, List.copyOf(reports));
        reports = new ArrayList<>();
        return turn;
    }

    private void decide(World world) {
        if (phase != Phase.STABLE && restarted(world)) {
            steps.removeIf(step -> !(step instanceof Step.Patch));
            if (steps.isEmpty() || phase != Phase.ROLLING_BACK) {
                end(Outcome.FAILED, "The TaskManager has restarted, with sizes of its own", world);
                return;
            }
        }
        switch (phase) {
            case STABLE ->
                following.next(world).ifPresent(found -> {
                    if (found.unusable().isPresent()) {
                        reports.add(new Report.Unusable(found.unusable().get()));
                    } else {
                        start(found.request(), world, found.remark());
                        if (found.request().cause() == Cause.LIMIT) {
                            steps.addAll(found.steps());
                        }
                    }
                });
            case WAIT_CGROUP -> waitForRoom(world);
            case PLAN -> plan(world);
            case PREPARING -> prepare(world);
            case READY -> hold(world);
            case CONFIRM -> confirm(world);
            case APPLYING -> {
                if (steps.isEmpty()) {
                    end(incomplete ? Outcome.FAILED : Outcome.APPLIED, endReason, world);
                }
            }
            case ROLLING_BACK -> rollBackFurther(world);
        }
    }

    private void start(Request request, World world, String remark) {
        long limit = world.limitBytes().orElseThrow();
        operation = new Operation(
                request,
                limit,
                world.pod().map(World.Pod::limitBytes).orElse(limit),
                world.taskManager().orElseThrow().startedMillis(),
                world.nowNanos(),
                Optional.empty());
        steps.clear();
        measured = false;
        trimmed = false;
        patched = false;
        incomplete = false;
        attempts = 0;
        endReason = "";
        lastLook = "";
        notBeforeNanos = world.nowNanos();
        reports.add(new Report.Begun(operation, remark));
        if (request.cause() == Cause.LIMIT) {
            enter(Phase.APPLYING, rules.shrinkTimeout(), world);
        } else if (request.targetBytes() > limit) {
            steps.add(new Step.Patch(request.targetBytes()));
            enter(Phase.WAIT_CGROUP, rules.confirmTimeout(), world);
        } else {
            if (request.cause() == Cause.REQUEST) {
                steps.add(new Step.Check(request.targetBytes()));
            }
            enter(Phase.PLAN, rules.shrinkTimeout(), world);
        }
    }

    private void finished(World.Result result, World world) {
        if (result.failure().isEmpty()) {
            steps.poll();
            attempts = 0;
            patched |= result.step() instanceof Step.Patch && phase != Phase.ROLLING_BACK;
            return;
        }
        Failure failure = result.failure().get();
        if (failure.kind() == Failure.Kind.NOT_YET && !(goingBack() && overdue(world))) {
            lastLook = failure.message();
            notBeforeNanos = world.nowNanos() + BETWEEN_LOOKS.toNanos();
            return;
        }
        reports.add(new Report.StepFailed(operation, result.step(), failure.message()));
        Outcome outcome = switch (failure.kind()) {
            case INFEASIBLE -> Outcome.REFUSED;
            case TIMEOUT -> Outcome.TIMED_OUT;
            case AWAY, OTHER, NOT_YET -> Outcome.FAILED;
        };
        switch (phase) {
            case PREPARING -> {
                if (result.step() instanceof Step.Direct && failure.kind() == Failure.Kind.INFEASIBLE && !trimmed) {
                    trimmed = true; // buffers given back are counted until their garbage is collected
                    steps.addFirst(new Step.Trim());
                } else {
                    rollBack(outcome, failure.message(), world);
                }
            }
            case READY, CONFIRM -> rollBack(outcome, failure.message(), world);
            case APPLYING -> {
                incomplete = true;
                endReason = failure.message();
                if (operation.targetBytes() < operation.fromBytes() || following.lowered()) {
                    steps.poll(); // the limit is below already: whatever else can be given back helps
                } else {
                    steps.clear(); // without room for direct memory there is none for network buffers
                }
            }
            case ROLLING_BACK -> retry(result.step(), world);
            default -> end(outcome, failure.message(), world);
        }
    }

    /** Whether nothing but the steps themselves ends this phase. */
    private boolean goingBack() {
        return phase == Phase.APPLYING || phase == Phase.ROLLING_BACK;
    }

    private void retry(Step step, World world) {
        attempts++;
        if (step instanceof Step.Patch) {
            notBeforeNanos = world.nowNanos() + LONG_PAUSE.toNanos(); // sizes wait: the smaller limit may still be set
        } else if (attempts < ATTEMPTS) {
            notBeforeNanos = world.nowNanos() + PAUSE.toNanos();
        } else {
            steps.poll();
            attempts = 0;
            incomplete = true;
        }
    }

    private void waitForRoom(World world) {
        if (!steps.isEmpty()) {
            return;
        }
        long limit = world.limitBytes().orElse(operation.fromBytes());
        if (limit >= operation.targetBytes() || Limits.same(limit, operation.targetBytes())) {
            TaskManager taskManager = world.taskManager().orElse(null);
            if (taskManager != null) {
                steps.addAll(taskManager.sizes().growth(planner.grown(limit, taskManager)));
                enter(Phase.APPLYING, rules.shrinkTimeout(), world);
            }
        } else if (limit < operation.fromBytes() && !Limits.same(limit, operation.fromBytes())) {
            end(Outcome.SUPERSEDED, "The limit has become " + new ByteSize(limit), world);
        } else {
            giveUpIfHopeless(world);
        }
    }

    private void plan(World world) {
        if (world.cancel()) {
            end(Outcome.CANCELLED, "Cancelled", world);
        } else if (overdue(world)) {
            end(Outcome.TIMED_OUT, "Planning took longer than HOLDFAST_RESIZE_SHRINK_TIMEOUT", world);
        } else if (steps.isEmpty() && world.taskManager().isPresent()) {
            TaskManager taskManager = world.taskManager().get();
            Optional<String> outOfBounds = following.outOfBounds(operation.targetBytes(), taskManager);
            Split split = planner.shrunk(operation.targetBytes(), taskManager);
            if (outOfBounds.isPresent()) {
                end(Outcome.REFUSED, outOfBounds.get(), world);
            } else if (split.infeasible().isEmpty()) {
                operation = operation.changing(taskManager.sizes());
                steps.addAll(taskManager.sizes().shrinkage(split.sizes()));
                steps.add(new Step.Trim());
                steps.add(verification());
                phase = Phase.PREPARING;
            } else if (measured) {
                end(Outcome.REFUSED, split.infeasible().get(), world);
            } else {
                measured = true; // what is known to live may have died since
                steps.add(new Step.Live());
            }
        }
    }

    private Step verification() {
        return new Step.Verify(operation.targetBytes() - rules.marginBytes());
    }

    private void prepare(World world) {
        if (limitMoved(world)) {
            return;
        }
        if (world.cancel()) {
            rollBack(Outcome.CANCELLED, "Cancelled", world);
        } else if (overdue(world)) {
            rollBack(
                    Outcome.TIMED_OUT,
                    "Not done within HOLDFAST_RESIZE_SHRINK_TIMEOUT" + (lastLook.isEmpty() ? "" : ": " + lastLook),
                    world);
        } else if (steps.isEmpty()) {
            reports.add(new Report.Ready(operation, world.nowNanos() - operation.startedNanos()));
            if (operation.cause() == Cause.REQUEST) {
                steps.add(new Step.Patch(operation.targetBytes()));
                enter(Phase.CONFIRM, rules.confirmTimeout(), world);
            } else {
                enter(
                        Phase.READY,
                        operation.cause() == Cause.SPEC ? rules.confirmTimeout() : rules.readyTimeout(),
                        world);
            }
        }
    }

    private void hold(World world) {
        if (limitMoved(world)) {
            return;
        }
        boolean revoked = operation.cause() == Cause.SPEC
                && world.pod().isPresent()
                && !Limits.same(world.pod().get().limitBytes(), operation.targetBytes());
        if (world.cancel()) {
            rollBack(Outcome.CANCELLED, "Cancelled", world);
        } else if (revoked) {
            rollBack(Outcome.SUPERSEDED, "The pod no longer asks for it", world);
        } else if (overdue(world)) {
            rollBack(
                    Outcome.TIMED_OUT,
                    "The limit was not set within %s"
                            .formatted(
                                    operation.cause() == Cause.SPEC
                                            ? "HOLDFAST_RESIZE_CONFIRM_TIMEOUT"
                                            : "HOLDFAST_RESIZE_READY_TIMEOUT"),
                    world);
        } else if (steps.isEmpty() && world.usageBytes().orElse(0) > operation.targetBytes() - rules.marginBytes()) {
            steps.add(verification()); // page cache has grown since
        }
    }

    private void confirm(World world) {
        if (!steps.isEmpty() || limitMoved(world)) {
            return;
        }
        giveUpIfHopeless(world);
    }

    private void giveUpIfHopeless(World world) {
        Optional<Condition> condition = world.pod()
                .filter(pod -> Limits.same(pod.limitBytes(), operation.targetBytes()))
                .flatMap(World.Pod::condition);
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

    /** Whether the container has another limit than at the begin, and what follows from that has been decided. */
    private boolean limitMoved(World world) {
        long limit = world.limitBytes().orElse(operation.fromBytes());
        if (Limits.same(limit, operation.fromBytes())) {
            return false;
        }
        if (limit > operation.fromBytes()) {
            rollBack(Outcome.SUPERSEDED, "The limit has become " + new ByteSize(limit), world);
        } else if (!Limits.same(limit, operation.targetBytes())) {
            end(Outcome.SUPERSEDED, "The limit has become " + new ByteSize(limit), world);
        } else if (phase == Phase.PREPARING) {
            steps.removeIf(step -> step instanceof Step.Verify);
            enter(Phase.APPLYING, rules.shrinkTimeout(), world);
        } else {
            end(Outcome.APPLIED, "", world);
        }
        return true;
    }

    private void rollBack(Outcome outcome, String reason, World world) {
        endOutcome = outcome;
        endReason = reason;
        attempts = 0;
        steps.clear();
        if (patched) {
            steps.add(new Step.Patch(operation.podBytes()));
        }
        operation.before().ifPresent(sizes -> steps.addAll(sizes.restoration(sizes.networkBytes() > 0)));
        reports.add(new Report.RollingBack(operation, reason));
        enter(Phase.ROLLING_BACK, rules.shrinkTimeout(), world);
    }

    private void rollBackFurther(World world) {
        boolean late = steps.peek() instanceof Step.Patch
                && Limits.same(world.limitBytes().orElse(operation.fromBytes()), operation.targetBytes());
        if (late) {
            steps.clear();
            end(Outcome.APPLIED, "After its time: " + endReason, world);
        } else if (steps.isEmpty()) {
            end(endOutcome, endReason, world);
        }
    }

    private void end(Outcome outcome, String reason, World world) {
        reports.add(new Report.Ended(operation, outcome, reason, world.nowNanos() - operation.startedNanos()));
        following.ended(operation, outcome, incomplete, world);
        phase = Phase.STABLE;
        operation = null;
        endReason = "";
        steps.clear();
    }

    private void enter(Phase next, Duration time, World world) {
        phase = next;
        deadlineNanos = world.nowNanos() + time.toNanos();
    }

    private boolean overdue(World world) {
        return world.nowNanos() - deadlineNanos >= 0;
    }

    private boolean restarted(World world) {
        return world.taskManager()
                .filter(taskManager -> taskManager.startedMillis() != operation.agentStartedMillis())
                .isPresent();
    }
}
