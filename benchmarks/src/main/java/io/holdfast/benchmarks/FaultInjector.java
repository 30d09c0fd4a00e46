package io.holdfast.benchmarks;

import io.holdfast.benchmarks.Fault.Target;
import io.holdfast.benchmarks.job.NumbersJob;
import io.holdfast.benchmarks.job.RunDirectory;
import io.holdfast.testing.FlinkProcess;
import io.holdfast.testing.FlinkRest;
import io.holdfast.testing.Moves;
import io.holdfast.testing.Moves.Move;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Does the faults of a round to its job at their times, and remembers which subtasks they hit. One thread. */
final class FaultInjector {

    private static final Map<String, String> OPERATORS = Map.of(
            NumbersJob.SOURCE, "Source: numbers",
            NumbersJob.MAP, NumbersJob.MAP,
            NumbersJob.MIDDLE, NumbersJob.MIDDLE,
            NumbersJob.SINK, NumbersJob.SINK);

    private static final long MOVE_MILLIS = 8_000;
    private static final long POLL_MILLIS = 50;
    private static final long REPLACEMENT_MILLIS = 1_500;

    private final Cluster cluster;
    private final String jobId;
    private final RunDirectory directory;
    private final Consumer<String> log;
    private final Map<String, String> vertexIds;
    private final List<Strike> strikes = new ArrayList<>();
    private final List<FlinkProcess> stopped = new ArrayList<>();
    private final List<Asked> moves = new ArrayList<>();
    private final Moves holdfast;
    private long startNanos;

    FaultInjector(Cluster cluster, String jobId, RunDirectory directory, Consumer<String> log) {
        this.cluster = cluster;
        this.jobId = jobId;
        this.directory = directory;
        this.log = log;
        this.vertexIds = vertexIds(cluster.rest().job(jobId));
        this.holdfast = new Moves(cluster.rest());
    }

    /**
     * A fault as it happened.
     *
     * @param at wall clock, epoch milliseconds
     * @param hit subtasks that it was meant for, or that ran on the TaskManager that it was meant for
     */
    record Strike(Fault fault, long at, Set<Target> hit) {}

    /**
     * A move that was asked for.
     *
     * @param last how it was seen last, which is its end unless the job ended before
     */
    record Asked(Fault fault, String taskManager, Move last) {}

    private record Action(long atMillis, boolean needsSpare, Runnable what) {}

    /**
     * Returns when all is done; {@code faults} count from now. Whoever was stopped goes on.
     *
     * @param patient whether a fault of a TaskManager, and all after it, wait until there is one to spare
     */
    void inject(List<Fault> faults, boolean patient) {
        startNanos = System.nanoTime();
        PriorityQueue<Action> actions = new PriorityQueue<>((one, other) -> Long.compare(one.atMillis, other.atMillis));
        faults.forEach(fault -> actions.add(
                new Action(fault.atMillis(), patient && fault.kind().ofTaskManager(), () -> begin(fault, actions))));
        try {
            while (!actions.isEmpty()) {
                Action next = actions.remove();
                Cluster.sleep(next.atMillis - (System.nanoTime() - startNanos) / 1_000_000);
                if (next.needsSpare) {
                    long beginNanos = System.nanoTime();
                    cluster.awaitTaskManagers();
                    startNanos += System.nanoTime() - beginNanos;
                }
                next.what.run();
            }
        } finally {
            stopped.stream().filter(FlinkProcess::isAlive).forEach(FlinkProcess::cont);
        }
    }

    /** What was done so far. */
    List<Strike> strikes() {
        return strikes;
    }

    /** What became of the moves that were asked for. */
    List<Asked> moves() {
        return moves;
    }

    /** The attempt number of every subtask of the job by now. */
    Map<Target, Integer> attempts() {
        Map<Target, Integer> attempts = new HashMap<>();
        vertexIds.forEach((operator, vertex) -> cluster.rest()
                .subtasks(jobId, vertex)
                .forEach(subtask -> attempts.put(new Target(operator, subtask.index()), subtask.attempt())));
        return attempts;
    }

    private void begin(Fault fault, PriorityQueue<Action> actions) {
        log.accept(fault.toString());
        if (fault.kind().isMove()) {
            processOf(fault.targets().get(0)).ifPresent(process -> move(fault, process, actions));
            return;
        }
        if (fault.kind().ofTaskManager()) {
            processOf(fault.targets().get(0)).ifPresent(process -> begin(fault, process, actions));
            return;
        }
        strikes.add(new Strike(fault, System.currentTimeMillis(), Set.copyOf(fault.targets())));
        fault.targets().forEach(this::fail);
        if (fault.kind() == Fault.Kind.TWICE_FAILURE) {
            actions.add(new Action(
                    fault.atMillis() + fault.millis(),
                    false,
                    () -> again(fault.targets().get(0))));
        }
    }

    private void begin(Fault fault, FlinkProcess process, PriorityQueue<Action> actions) {
        Set<Target> hit = tasksOn(process);
        log.accept("  %s, with %s".formatted(process.name(), hit));
        strikes.add(new Strike(fault, System.currentTimeMillis(), hit));
        if (fault.kind() == Fault.Kind.TASKMANAGER_KILL) {
            process.kill();
            actions.add(new Action(
                    fault.atMillis() + fault.millis(),
                    false,
                    () -> cluster.processes().startTaskManager()));
            return;
        }
        process.stop();
        stopped.add(process);
        actions.add(new Action(fault.atMillis() + fault.millis(), false, () -> {
            log.accept("  SIGCONT " + process.name());
            process.cont();
            stopped.remove(process);
        }));
    }

    private void move(Fault fault, FlinkProcess process, PriorityQueue<Action> actions) {
        Set<Target> hit = tasksOn(process);
        log.accept("  %s, with %s".formatted(process.name(), hit));
        strikes.add(new Strike(fault, System.currentTimeMillis(), hit));
        boolean timed = switch (fault.kind()) {
            case MOVE, MOVE_HURRIED, EVICTION -> true;
            default -> false;
        };
        Move move;
        try {
            move = holdfast.start(
                    process.name(), Duration.ofMillis(timed ? fault.millis() : MOVE_MILLIS), "chaos: " + fault);
        } catch (FlinkRest.Refusal e) { // not registered yet, or any more
            log.accept("  nothing moved: " + e.getMessage());
            return;
        }
        int index = moves.size();
        moves.add(new Asked(fault, process.name(), move));
        switch (fault.kind()) {
            case MOVE_CANCEL -> in(fault.millis(), actions, () -> cancel(move.id()));
            case MOVE_KILL -> in(fault.millis(), actions, () -> replace(process, actions));
            default -> {
                // later, or nothing more
            }
        }
        in(POLL_MILLIS, actions, () -> follow(index, fault.kind() == Fault.Kind.MOVE_TARGET_KILL, actions));
    }

    /** Looks how a move goes until it has ended. */
    private void follow(int index, boolean targetLives, PriorityQueue<Action> actions) {
        Asked asked = moves.get(index);
        Optional<Move> now = find(asked);
        if (now.isEmpty()) {
            return; // with its job
        }
        Asked seen = new Asked(asked.fault, asked.taskManager, now.get());
        moves.set(index, seen);
        boolean kills = targetLives && target(seen).isPresent();
        if (kills) {
            target(seen)
                    .ifPresent(target -> in(asked.fault.millis(), actions, () -> {
                        log.accept("  kill -9 %s, a target of %s".formatted(target.name(), asked.taskManager));
                        strikes.add(new Strike(asked.fault, System.currentTimeMillis(), tasksOn(target)));
                        replace(target, actions);
                    }));
        }
        if (!now.get().hasEnded()) {
            in(POLL_MILLIS, actions, () -> follow(index, targetLives && !kills, actions));
            return;
        }
        log.accept("  move off %s: %s by %s %s"
                .formatted(
                        asked.taskManager,
                        now.get().state(),
                        now.get().step(),
                        now.get().detail()));
        if (asked.fault.kind() == Fault.Kind.EVICTION) {
            FlinkProcess left = cluster.processes().taskManager(asked.taskManager);
            strikes.add(new Strike(asked.fault, System.currentTimeMillis(), tasksOn(left)));
            replace(left, actions);
        }
    }

    private Optional<Move> find(Asked asked) {
        try {
            return holdfast.find(asked.last.id());
        } catch (FlinkRest.Refusal | UncheckedIOException e) {
            return Optional.of(asked.last); // asked again
        }
    }

    private Optional<FlinkProcess> target(Asked asked) {
        return asked.last.subtasks().stream()
                .filter(subtask -> !subtask.to().isEmpty())
                .map(subtask -> cluster.processes().taskManager(subtask.to()))
                .filter(FlinkProcess::isAlive)
                .findFirst();
    }

    private void cancel(String move) {
        try {
            log.accept(holdfast.cancel(move) ? "  cancelled" : "  too late to cancel");
        } catch (FlinkRest.Refusal e) {
            log.accept("  not cancelled: " + e.getMessage());
        }
    }

    private void replace(FlinkProcess process, PriorityQueue<Action> actions) {
        process.kill();
        in(REPLACEMENT_MILLIS, actions, () -> cluster.processes().startTaskManager());
    }

    private void in(long millis, PriorityQueue<Action> actions, Runnable what) {
        actions.add(new Action((System.nanoTime() - startNanos) / 1_000_000 + millis, false, what));
    }

    private void fail(Target target) {
        try {
            directory.failures().add(target.operator(), target.subtask());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void again(Target target) {
        Cluster.await(
                "the first failure of " + target,
                Duration.ofSeconds(30),
                () -> !directory.failures().contains(target.operator(), target.subtask()));
        fail(target);
    }

    /** The live TaskManager on which a subtask runs. */
    private Optional<FlinkProcess> processOf(Target target) {
        String id = cluster.rest().subtasks(jobId, vertexIds.get(target.operator())).stream()
                .filter(subtask -> subtask.index() == target.subtask())
                .map(FlinkRest.Subtask::taskManagerId)
                .findFirst()
                .orElse("");
        Optional<FlinkProcess> process = cluster.processes().taskManagers().stream()
                .filter(candidate -> candidate.name().equals(id) && candidate.isAlive())
                .findFirst();
        if (process.isEmpty()) {
            log.accept("  nothing done: %s runs on no live TaskManager (%s)".formatted(target, id));
        }
        return process;
    }

    private Set<Target> tasksOn(FlinkProcess process) {
        Set<Target> tasks = new TreeSet<>(Comparator.comparing(Target::toString));
        vertexIds.forEach((operator, vertex) -> cluster.rest().subtasks(jobId, vertex).stream()
                .filter(subtask -> subtask.taskManagerId().equals(process.name()))
                .forEach(subtask -> tasks.add(new Target(operator, subtask.index()))));
        return tasks;
    }

    private static Map<String, String> vertexIds(FlinkRest.Job job) {
        Map<String, String> ids = new HashMap<>();
        OPERATORS.forEach((operator, name) -> job.vertices().stream()
                .filter(vertex -> vertex.name().startsWith(name))
                .forEach(vertex -> ids.put(operator, vertex.id())));
        return ids;
    }
}
