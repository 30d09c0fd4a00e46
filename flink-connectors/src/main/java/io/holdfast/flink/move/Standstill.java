package io.holdfast.flink.move;

import io.holdfast.flink.restart.Outbox;
import io.holdfast.flink.restart.Pair;
import io.holdfast.flink.restart.RestartHost;
import io.holdfast.flink.restart.Topology;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.shuffle.HoldfastCommand;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Forget;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Freeze;
import org.apache.flink.runtime.shuffle.HoldfastCommand.HeldAt;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Hold;
import org.apache.flink.runtime.shuffle.HoldfastCommand.StandsAt;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Thaw;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Unhold;

/**
 * What tasks that are to move, and those who feed them, are told: to stand still behind a barrier, whether they do, and to
 * go on. JobMaster main thread only.
 */
final class Standstill {

    private static final long REPEAT_MS = 1_000;

    private final RestartHost host;
    private final Topology topology = new Topology();

    private final Set<Execution> frozen = new LinkedHashSet<>();

    /** What is held for them. */
    private final List<Pair> held = new ArrayList<>();

    /** Whom something was said to, and what undoes it. */
    private final Map<Execution, List<HoldfastCommand>> undo = new LinkedHashMap<>();

    /** Messages that undo something and were not answered yet. */
    private int unheard;

    Standstill(RestartHost host) {
        this.host = host;
        topology.start(host);
    }

    /** Why {@code task} cannot stand still: it neither reads nor writes over the network. Empty if it can. */
    Optional<String> reasonAgainst(ExecutionVertex task) {
        return topology.inputs(task).isEmpty() && topology.outputs(task).isEmpty()
                ? Optional.of(task.getTaskNameWithSubtaskIndex() + " has no exchange that could hold its records")
                : Optional.empty();
    }

    /**
     * {@code tasks} freeze behind the first barrier of a checkpoint {@code from} or later, and what others send them behind
     * it is held. Completed on the main thread when all have heard it, exceptionally if some may not have.
     */
    CompletableFuture<Void> order(Collection<Execution> tasks, long from) {
        frozen.clear();
        frozen.addAll(tasks);
        held.clear();
        Outbox outbox = new Outbox(host);
        for (Execution task : tasks) {
            ExecutionAttemptID attempt = task.getAttemptId();
            say(outbox, task, new Freeze(attempt, from), new Thaw(attempt));
            for (Pair pair : topology.inputs(task.getVertex())) {
                Execution producer = topology.producerOf(pair).getCurrentExecutionAttempt();
                if (!frozen.contains(producer) && producer.getState() != ExecutionState.FINISHED) {
                    int subpartition = topology.subpartition(pair);
                    say(
                            outbox,
                            producer,
                            new Hold(pair.partition(), subpartition, from),
                            new Unhold(pair.partition(), subpartition));
                    held.add(pair);
                }
            }
        }
        return outbox.deliver();
    }

    private void say(Outbox outbox, Execution target, HoldfastCommand command, HoldfastCommand undoing) {
        outbox.add(target, command);
        undo.computeIfAbsent(target, ignored -> new ArrayList<>()).add(undoing);
    }

    /** Asks whether all stand still at {@code checkpoint}. Completed on the main thread, exceptionally if one does not. */
    CompletableFuture<Void> verify(long checkpoint) {
        Outbox outbox = new Outbox(host);
        frozen.forEach(task -> outbox.add(task, new StandsAt(task.getAttemptId(), checkpoint)));
        for (Pair pair : held) {
            Execution producer = topology.producerOf(pair).getCurrentExecutionAttempt();
            if (producer.getState() != ExecutionState.FINISHED) { // then its consumers have read all of it
                outbox.add(producer, new HeldAt(pair.partition(), topology.subpartition(pair), checkpoint));
            }
        }
        return outbox.deliver();
    }

    /** Which task is not any more what it was when it was told; empty if all are. */
    Optional<String> whatChanged() {
        for (Execution execution : undo.keySet()) {
            boolean current = execution.getVertex().getCurrentExecutionAttempt() == execution;
            boolean fine = execution.getState() == ExecutionState.RUNNING
                    || !frozen.contains(execution) && execution.getState() == ExecutionState.FINISHED;
            if (!current || !fine) {
                return Optional.of(execution.getVertex().getTaskNameWithSubtaskIndex() + " was lost or has ended");
            }
        }
        return Optional.empty();
    }

    /** Who is frozen stays so until it is gone. */
    void keep() {
        undo.clear();
    }

    /** Everybody goes on as if nothing had been. Returns whether anybody had been told anything. */
    boolean undo() {
        if (undo.isEmpty()) {
            return false;
        }
        Map<Execution, List<HoldfastCommand>> commands = new LinkedHashMap<>(undo);
        undo.clear();
        held.clear();
        send(commands, false);
        return true;
    }

    /** Whether something is held, or kept, for tasks that were to move. */
    boolean holds() {
        return !held.isEmpty();
    }

    /** What the moved tasks have read is not needed again. */
    void forget() {
        Map<Execution, List<HoldfastCommand>> commands = new LinkedHashMap<>();
        for (Pair pair : held) {
            Execution producer = topology.producerOf(pair).getCurrentExecutionAttempt();
            commands.computeIfAbsent(producer, ignored -> new ArrayList<>())
                    .add(new Forget(pair.partition(), topology.subpartition(pair)));
        }
        held.clear();
        send(commands, false);
    }

    /**
     * A task that is never told stays frozen. A TaskManager also answers if the attempt is gone that it was addressed by:
     * all hear it {@code again}, when that is known and others are addressed.
     */
    private void send(Map<Execution, List<HoldfastCommand>> commands, boolean again) {
        Outbox outbox = new Outbox(host);
        commands.forEach((target, each) -> {
            boolean reached = each.stream().allMatch(command -> outbox.addNear(target, command));
            if (!reached && mustReach(target, each)) {
                host.fallBack("what %s has sent is held, and its TaskManager cannot be told to send it"
                        .formatted(target.getVertex().getTaskNameWithSubtaskIndex()));
            }
        });
        unheard++;
        outbox.deliver().whenComplete((done, failure) -> {
            if (failure == null && again) {
                unheard--;
                return;
            }
            host.schedule(
                    () -> {
                        unheard--;
                        send(commands, failure == null);
                    },
                    REPEAT_MS);
        });
    }

    private boolean mustReach(Execution target, List<HoldfastCommand> commands) {
        return host.isRunning()
                && target.getState() == ExecutionState.FINISHED
                && commands.stream().anyMatch(Unhold.class::isInstance);
    }

    /** Whether all that was said to undo something was heard: a word that came late would undo what is said next. */
    boolean isHeard() {
        return unheard == 0;
    }
}
