package io.holdfast.resize.plan;

import io.holdfast.base.ByteSize;
import io.holdfast.resize.plan.Request.Cause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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

    private static final String NO_BASELINE = "The TaskManager started without a memory limit. Set"
            + " HOLDFAST_RESIZE_BASELINE to its taskmanager.memory.process.size";

    private final MemoryPlanner planner;
    private final Rules rules;

    private final long podExpectedUntilNanos;

    /** What was looked at last. */
    private Optional<Seen> seen = Optional.empty();

    /** What the sizes agree with. */
    private Optional<Seen> settled = Optional.empty();

    /** What is not looked at again before its time. */
    private Optional<Seen> paused = Optional.empty();

    private boolean lowered;
    private boolean squeezed;
    private boolean told;
    private long quietUntilNanos;
    private long againNanos;
    private long refusedBytes = -1;
    private long retryNanos;
    private long number;
    private int failures;
    private long agentMillis = -1;
    private long agentSinceNanos;

    /** @param podExpectedUntilNanos how long nothing grows before it is known what the pod asks for */
    Following(MemoryPlanner planner, Rules rules, long nowNanos, long podExpectedUntilNanos) {
        this.planner = planner;
        this.rules = rules;
        this.quietUntilNanos = nowNanos;
        this.againNanos = nowNanos;
        this.retryNanos = nowNanos;
        this.agentSinceNanos = nowNanos;
        this.podExpectedUntilNanos = podExpectedUntilNanos;
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
        if (taskManager.startedMillis() != agentMillis) {
            agentMillis = taskManager.startedMillis();
            agentSinceNanos = world.nowNanos();
        }
        if (planner.baseline(taskManager).isEmpty()) {
            boolean first = !told;
            told = true;
            return first ? Optional.of(new Found(null, List.of(), "", Optional.of(NO_BASELINE))) : Optional.empty();
        }
        Optional<Found> limit = limit(world.limitBytes().getAsLong(), taskManager, world);
        return limit.isPresent() ? limit : spec(world.limitBytes().getAsLong(), world);
    }

    private Optional<Found> limit(long limit, TaskManager taskManager, World world) {
        Seen current = Seen.of(limit, taskManager, world);
        if (settled.filter(current::same).isPresent() || pausing(current, world)) {
            return Optional.empty();
        }
        Optional<Seen> before = settled.filter(current::sameJvm);
        seen = Optional.of(current);
        lowered = before.isEmpty() || limit < before.get().limitBytes();
        squeezed = false;
        Sizes now = taskManager.sizes();
        boolean networkAppeared = current.network()
                && before.filter(seenThen -> !seenThen.network()).isPresent();
        Sizes larger = networkAppeared
                ? planner.shared(current.roomBytes(), taskManager)
                : planner.grown(current.roomBytes(), taskManager);
        if (significant(now, larger)) {
            lowered = false;
            return tooSoonToGrow(taskManager, world)
                    ? Optional.empty()
                    : Optional.of(found(current.roomBytes(), now.growth(larger), ""));
        }
        if (lowered) {
            Split split = planner.shrunk(limit, taskManager);
            squeezed = split.infeasible().isPresent();
            if (significant(now, split.sizes())) {
                List<Step> steps = new ArrayList<>(Step.heapFirst(now.shrinkage(split.sizes())));
                steps.add(new Step.Trim());
                return Optional.of(found(
                        limit,
                        steps,
                        "The limit is below what the TaskManager lives by already"
                                + split.infeasible().map(why -> ". " + why).orElse("")));
            }
        }
        settle(world);
        return Optional.empty();
    }

    private boolean tooSoonToGrow(TaskManager taskManager, World world) {
        return taskManager.network().isEmpty() && world.nowNanos() - agentSinceNanos < STARTING.toNanos()
                || world.pod().isEmpty() && world.nowNanos() - podExpectedUntilNanos < 0;
    }

    private boolean pausing(Seen current, World world) {
        return paused.filter(current::same).isPresent() && world.nowNanos() - againNanos < 0;
    }

    /** What was seen is in order, unless live data is in the way: that may fall. */
    private void settle(World world) {
        settled = squeezed ? Optional.empty() : seen;
        if (squeezed) {
            pause(seen, rules.retry(), world);
        }
        failures = 0;
        lowered = false;
    }

    private void pause(Optional<Seen> forWhom, Duration time, World world) {
        paused = forWhom;
        againNanos = world.nowNanos() + time.toNanos();
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
        if (outcome == Outcome.APPLIED && operation.cause() == Cause.LIMIT) {
            settle(world);
        } else if (outcome == Outcome.APPLIED) {
            settled = Optional.empty(); // the JVM may have gone its own way since: look at what it has
            paused = Optional.empty();
        } else if (incomplete) { // sizes are not known: look at them again
            backOff(world);
        }
        lowered = false;
    }

    private void backOff(World world) {
        Optional<Seen> failed = world.taskManager().isPresent()
                        && world.limitBytes().isPresent()
                ? Optional.of(Seen.of(
                        world.limitBytes().getAsLong(), world.taskManager().get(), world))
                : seen;
        if (failed.isEmpty() || paused.filter(failed.get()::same).isEmpty()) {
            failures = 0;
        }
        settled = Optional.empty();
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(failures++, 20));
        pause(failed, pause.compareTo(rules.retry()) < 0 ? pause : rules.retry(), world);
    }

    private boolean significant(Sizes one, Sizes other) {
        return Math.abs(one.heapBytes() - other.heapBytes()) >= rules.hysteresisBytes()
                || Math.abs(one.directBytes() - other.directBytes()) >= rules.hysteresisBytes()
                || Math.abs(one.networkBytes() - other.networkBytes()) >= rules.hysteresisBytes();
    }

    /** Why a limit cannot be asked for at all. */
    Optional<String> outOfBounds(long target, TaskManager taskManager) {
        if (planner.baseline(taskManager).isEmpty()) {
            return Optional.of(NO_BASELINE); // there is nothing to compute sizes from
        }
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
