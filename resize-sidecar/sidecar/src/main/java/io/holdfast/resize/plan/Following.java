package io.holdfast.resize.plan;

import io.holdfast.base.ByteSize;
import io.holdfast.resize.plan.Request.Cause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Decides what to begin when nothing is under way: follow a limit that has changed, or prepare for a smaller one that the
 * pod asks for. Remembers what has been settled or refused, so that nothing is begun twice for one reason.
 */
final class Following {
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    /**
     * How long a TaskManager may take to start its network memory. The agent is there before it, and a limit that is
     * followed without it gives its share to the heap.
     */
    private static final Duration STARTING = Duration.ofSeconds(30);

    private final MemoryPlanner planner;
    private final Rules rules;

    private OptionalLong settledBytes = OptionalLong.empty();
    private long settledAgentMillis = -1;
    private boolean lowered;
    private boolean told;
    private long quietUntilNanos;
    private long againNanos;
    private long refusedBytes = -1;
    private long retryNanos;
    private long number;
    private int failures;
    private long seenAgentMillis = -1;
    private long seenNanos;

    Following(MemoryPlanner planner, Rules rules, long nowNanos) {
        this.planner = planner;
        this.rules = rules;
        this.quietUntilNanos = nowNanos;
        this.againNanos = nowNanos;
        this.retryNanos = nowNanos;
        this.seenNanos = nowNanos;
    }

    /**
     * What to begin.
     *
     * @param steps of a limit that is followed; empty otherwise
     * @param remark what is wrong with it, or blank
     * @param unusable why nothing can be begun at all
     */
    record Found(Request request, List<Step> steps, String remark, Optional<String> unusable) {}

    /** Whether the limit that was found last is smaller than what the JVM lives by. */
    boolean lowered() {
        return lowered;
    }

    long quietUntilNanos() {
        return quietUntilNanos;
    }

    Optional<Found> next(World world) {
        if (world.taskManager().isEmpty() || world.limitBytes().isEmpty()) {
            return Optional.empty();
        }
        TaskManager taskManager = world.taskManager().get();
        if (taskManager.startedMillis() != seenAgentMillis) {
            seenAgentMillis = taskManager.startedMillis();
            seenNanos = world.nowNanos();
        }
        if (planner.baseline(taskManager).isEmpty()) {
            boolean first = !told;
            told = true;
            return first
                    ? Optional.of(new Found(
                            null,
                            List.of(),
                            "",
                            Optional.of(
                                    "The TaskManager started without a memory limit. Set HOLDFAST_RESIZE_BASELINE to its "
                                            + "taskmanager.memory.process.size.")))
                    : Optional.empty();
        }
        Optional<Found> limit = limit(world.limitBytes().getAsLong(), taskManager, world);
        return limit.isPresent() ? limit : spec(world.limitBytes().getAsLong(), world);
    }

    private Optional<Found> limit(long limit, TaskManager taskManager, World world) {
        boolean known = settledAgentMillis == taskManager.startedMillis() && settledBytes.isPresent();
        if (known && Limits.same(settledBytes.getAsLong(), limit) || world.nowNanos() - againNanos < 0) {
            return Optional.empty();
        }
        Sizes now = taskManager.sizes();
        Sizes larger = planner.grown(limit, taskManager);
        lowered = !known || limit < settledBytes.getAsLong();
        if (significant(now, larger)) {
            lowered = false;
            if (taskManager.network().isEmpty() && world.nowNanos() - seenNanos < STARTING.toNanos()) {
                return Optional.empty();
            }
            return Optional.of(found(limit, now.growth(larger), ""));
        }
        if (lowered) {
            Split split = planner.shrunk(limit, taskManager);
            if (significant(now, split.sizes())) {
                List<Step> steps = new ArrayList<>(now.shrinkage(split.sizes()));
                steps.add(new Step.Trim());
                return Optional.of(found(
                        limit,
                        steps,
                        "The limit is below what the TaskManager lives by already"
                                + split.infeasible().map(why -> ". " + why).orElse("")));
            }
        }
        settle(limit, taskManager);
        return Optional.empty();
    }

    private Found found(long limit, List<Step> steps, String remark) {
        return new Found(new Request("limit-" + ++number, Cause.LIMIT, limit), steps, remark, Optional.empty());
    }

    private Optional<Found> spec(long limit, World world) {
        Optional<Long> wanted = world.pod().map(World.Pod::limitBytes);
        if (wanted.isEmpty()
                || limit - wanted.get() < rules.hysteresisBytes()
                || world.nowNanos() - quietUntilNanos < 0
                || wanted.get() == refusedBytes && world.nowNanos() - retryNanos < 0) {
            return Optional.empty();
        }
        return Optional.of(
                new Found(new Request("spec-" + ++number, Cause.SPEC, wanted.get()), List.of(), "", Optional.empty()));
    }

    void ended(Operation operation, Outcome outcome, boolean incomplete, World world) {
        quietUntilNanos = world.nowNanos() + rules.cooldown().toNanos();
        if (operation.cause() == Cause.SPEC && !outcome.good()) {
            refusedBytes = operation.targetBytes();
            retryNanos = world.nowNanos() + rules.retry().toNanos();
        }
        boolean followedAsFarAsPossible = operation.cause() == Cause.LIMIT && lowered;
        if (outcome == Outcome.APPLIED || followedAsFarAsPossible) {
            failures = 0;
            world.limitBytes().ifPresent(limit -> settleAt(operation, limit));
        } else if (incomplete) { // sizes are not known: look at them again
            settledBytes = OptionalLong.empty();
            againNanos = world.nowNanos()
                    + Math.min(rules.retry().toNanos(), FIRST_PAUSE.toNanos() << Math.min(failures++, 20));
        }
        lowered = false;
    }

    private void settleAt(Operation operation, long limit) {
        if (operation.cause() == Cause.LIMIT && !Limits.same(limit, operation.targetBytes())) {
            settledBytes = OptionalLong.empty(); // changed again meanwhile: perhaps to what it was before
            return;
        }
        settledBytes = OptionalLong.of(limit);
        settledAgentMillis = operation.agentStartedMillis();
    }

    private void settle(long limit, TaskManager taskManager) {
        settledBytes = OptionalLong.of(limit);
        settledAgentMillis = taskManager.startedMillis();
        lowered = false;
    }

    private boolean significant(Sizes one, Sizes other) {
        return Math.abs(one.heapBytes() - other.heapBytes()) >= rules.hysteresisBytes()
                || Math.abs(one.directBytes() - other.directBytes()) >= rules.hysteresisBytes()
                || Math.abs(one.networkBytes() - other.networkBytes()) >= rules.hysteresisBytes();
    }

    /** Why a limit cannot be asked for at all. */
    Optional<String> outOfBounds(long target, TaskManager taskManager) {
        long floor = rules.floorBytes().orElse(planner.baseline(taskManager).orElse(0));
        if (target < floor) {
            return Optional.of("%s is less than %s, the smallest limit (%s)"
                    .formatted(
                            new ByteSize(target),
                            new ByteSize(floor),
                            rules.floorBytes().isPresent()
                                    ? "HOLDFAST_RESIZE_FLOOR"
                                    : "the one Flink was started for; " + "HOLDFAST_RESIZE_FLOOR sets another"));
        }
        if (target > rules.ceilingBytes().orElse(Long.MAX_VALUE)) {
            return Optional.of("%s is more than %s, the largest limit (HOLDFAST_RESIZE_CEILING)"
                    .formatted(
                            new ByteSize(target),
                            new ByteSize(rules.ceilingBytes().getAsLong())));
        }
        return Optional.empty();
    }
}
