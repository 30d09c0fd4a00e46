package io.holdfast.resize.plan;

import io.holdfast.resize.plan.Turn.Report;
import io.holdfast.resize.plan.World.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;

/** A container, its JVM and its pod, whose steps succeed unless told otherwise; time is what the test says. */
final class Simulation {
    static final long MIB = 1 << 20;

    final List<Step> done = new ArrayList<>();
    final List<Report> reports = new ArrayList<>();
    final Map<Class<? extends Step>, Function<Step, Optional<Failure>>> failures = new HashMap<>();
    /** Steps that are done, and whose answer is lost, so often. */
    final Map<Class<? extends Step>, Integer> lostAnswers = new HashMap<>();

    /** Called after each step that was done, for what others do at that moment. */
    Consumer<Step> afterwards = step -> {};

    final ResizeProtocol protocol;
    long now = 1_000_000_000;
    long limit = 2048 * MIB;
    long usage = 500 * MIB;
    Optional<World.Pod> pod = Optional.empty();
    Sizes sizes = new Sizes(512 * MIB, 384 * MIB, 128 * MIB);
    Jvm jvm = Jvm.of2Gi();
    boolean agentAway;
    boolean cancel;
    boolean patchReachesCgroup = true;
    Rules rules;

    /** Time that the step which is done now has. */
    long leftNanos;

    private Optional<World.Result> result = Optional.empty();
    private int number;

    Simulation() {
        this(NetworkPolicy.WHEN_SHORT);
    }

    Simulation(NetworkPolicy policy) {
        this(policy, Duration.ZERO);
    }

    Simulation(NetworkPolicy policy, Duration podExpected) {
        this.rules = new Rules(
                64 * MIB,
                32 * MIB,
                OptionalLong.empty(),
                OptionalLong.of(8192 * MIB),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                Duration.ofSeconds(90),
                Duration.ofSeconds(10),
                Duration.ofMinutes(5));
        this.protocol = new ResizeProtocol(
                new MemoryPlanner(OptionalLong.empty(), OptionalLong.empty(), policy),
                rules,
                now,
                now + podExpected.toNanos());
    }

    World world() {
        return new World(
                now,
                OptionalLong.of(limit),
                OptionalLong.of(usage),
                agentAway ? Optional.empty() : Optional.of(jvm.sizes(sizes).build()),
                pod,
                cancel,
                result);
    }

    /** Goes on until nothing more happens by itself. */
    Simulation run() {
        perform(protocol.advance(world()));
        return this;
    }

    Simulation request(Request.Cause cause, long target) {
        perform(protocol.begin(new Request("r" + ++number, cause, target), world()));
        return this;
    }

    Admission.Kind admitted(Request.Cause cause, long target) {
        return Admission.of(cause, target, protocol, rules, world(), Optional.empty())
                .kind();
    }

    Simulation pass(Duration time) {
        now += time.toNanos();
        return run();
    }

    private void perform(Turn first) {
        Turn turn = first;
        for (int turns = 0; turns < 1000; turns++) {
            reports.addAll(turn.reports());
            if (turn.launch().isEmpty()) {
                return;
            }
            now += 1_000_000;
            Step step = turn.launch().get();
            leftNanos = turn.deadlineNanos() - now;
            Optional<Failure> failure = act(step);
            if (failure.isEmpty() && lostAnswers.merge(step.getClass(), -1, Integer::sum) >= 0) {
                failure = Optional.of(new Failure(Failure.Kind.OTHER, "no answer"));
            }
            afterwards.accept(step);
            result = Optional.of(new World.Result(step, failure));
            World next = world();
            result = Optional.empty();
            turn = protocol.advance(next);
        }
        throw new AssertionError("no end of steps: " + done);
    }

    private Optional<Failure> act(Step step) {
        Optional<Failure> failure =
                failures.getOrDefault(step.getClass(), any -> Optional.empty()).apply(step);
        if (failure.isPresent()) {
            return failure;
        }
        done.add(step);
        if (step instanceof Step.Heap heap) {
            sizes = new Sizes(heap.bytes(), sizes.directBytes(), sizes.networkBytes());
        } else if (step instanceof Step.Direct direct) {
            sizes = new Sizes(sizes.heapBytes(), direct.bytes(), sizes.networkBytes());
        } else if (step instanceof Step.Network network) {
            sizes = new Sizes(sizes.heapBytes(), sizes.directBytes(), network.bytes());
        } else if (step instanceof Step.Verify verify) {
            return usage <= verify.bytes()
                    ? Optional.empty()
                    : Optional.of(new Failure(Failure.Kind.NOT_YET, "usage " + usage / MIB + "Mi"));
        } else if (step instanceof Step.Patch patch) {
            pod = Optional.of(new World.Pod(patch.bytes(), patch.requestBytes(), pod.flatMap(World.Pod::condition)));
            if (patchReachesCgroup) {
                limit = patch.bytes();
            }
        }
        return Optional.empty();
    }

    void fail(Class<? extends Step> step, Failure.Kind kind) {
        failures.put(step, any -> Optional.of(new Failure(kind, step.getSimpleName() + " failed")));
    }

    /** Kinds of steps that were done. */
    List<String> kinds() {
        return done.stream().map(step -> step.getClass().getSimpleName()).toList();
    }

    Optional<Report.Ended> lastEnd() {
        return reports.stream()
                .filter(Report.Ended.class::isInstance)
                .map(Report.Ended.class::cast)
                .reduce((first, last) -> last);
    }

    Outcome outcome() {
        return lastEnd()
                .orElseThrow(() -> new AssertionError("no end: " + reports))
                .outcome();
    }

    String reason() {
        return lastEnd().orElseThrow().reason();
    }
}
