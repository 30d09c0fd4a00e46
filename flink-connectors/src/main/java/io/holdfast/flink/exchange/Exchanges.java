package io.holdfast.flink.exchange;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.shuffle.HoldfastCommand;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The task attempts of one TaskManager that take part in re-attachable exchanges. Thread-safe.
 *
 * <p>The way from a command to its TaskManager is static, for the command arrives as an RPC argument and knows nothing
 * but an attempt id; a MiniCluster has several TaskManagers in one JVM.
 *
 * <p>Happens-before: tasks are entered, and commands executed, on the TaskExecutor's main thread; removal, on any
 * thread, is by the concurrent maps and lists. A command that meets a part which is just removed is one too late.
 */
public final class Exchanges {

    private static final Logger LOG = LoggerFactory.getLogger(Exchanges.class);

    private static final Map<ExecutionAttemptID, Exchanges> BY_ATTEMPT = new ConcurrentHashMap<>();

    private final Map<ExecutionAttemptID, TaskExchange> tasks = new ConcurrentHashMap<>();

    /** TaskExecutor main thread, while the task is created. The exchange of {@code attempt}, made when first asked for. */
    public TaskExchange of(ExecutionAttemptID attempt) {
        BY_ATTEMPT.put(attempt, this);
        return tasks.computeIfAbsent(attempt, TaskExchange::new);
    }

    /** Any thread. The input or output of a task has ended; the task is forgotten with its last one. */
    public void remove(TaskExchange task, TaskExchange.Input input) {
        task.inputs().remove(input);
        forgetIfEmpty(task);
    }

    /** Any thread. As above. */
    public void remove(TaskExchange task, TaskExchange.Output output) {
        task.outputs().remove(output);
        forgetIfEmpty(task);
    }

    /** Any thread. The TaskManager ends. */
    public void close() {
        tasks.keySet().forEach(BY_ATTEMPT::remove);
        tasks.clear();
    }

    /** Any thread. For tests: attempts still known. */
    public int size() {
        return tasks.size();
    }

    /** Any thread. For tests: tasks of {@code job} on all TaskManagers of this JVM. */
    static List<TaskExchange> tasksOf(JobID job) {
        return BY_ATTEMPT.values().stream()
                .distinct()
                .flatMap(exchanges -> exchanges.tasks.values().stream())
                .filter(task -> job.equals(task.jobId()))
                .toList();
    }

    private void forgetIfEmpty(TaskExchange task) {
        if (task.inputs().isEmpty() && task.outputs().isEmpty()) {
            tasks.remove(task.attempt());
            BY_ATTEMPT.remove(task.attempt());
        }
    }

    /**
     * TaskExecutor main thread: what is thrown here fails the JobMaster's call, never the TaskManager.
     *
     * @throws IllegalStateException if the TaskManager of {@code via} does not run Holdfast's shuffle service, or what is
     *     to freeze or to be held is not there; commands before that one were carried out
     */
    public static void execute(ExecutionAttemptID via, JobID jobId, List<HoldfastCommand> commands) {
        Exchanges exchanges = BY_ATTEMPT.get(via);
        if (exchanges == null) {
            throw new IllegalStateException("No re-attachable exchange is known for attempt " + via
                    + ": it has just ended, or this TaskManager runs another shuffle service");
        }
        List<TaskExchange> tasks = exchanges.tasks.values().stream()
                .filter(task -> jobId.equals(task.jobId()))
                .toList();
        for (HoldfastCommand command : commands) {
            boolean concerned = false;
            for (TaskExchange task : tasks) {
                concerned |= execute(task, command);
            }
            if (!concerned && (command instanceof HoldfastCommand.Freeze || command instanceof HoldfastCommand.Hold)) {
                throw new IllegalStateException(
                        "No task of job %s on this TaskManager is concerned by %s: it has just ended"
                                .formatted(jobId, command));
            }
        }
    }

    private static boolean mustConcernSomebody(HoldfastCommand command) {
        return command instanceof HoldfastCommand.Freeze
                || command instanceof HoldfastCommand.StandsAt
                || command instanceof HoldfastCommand.Hold
                || command instanceof HoldfastCommand.HeldAt;
    }

    /** Returns whether the task has what the command is for; always true if any task may be told. */
    private static boolean execute(TaskExchange task, HoldfastCommand command) {
        try {
            if (command instanceof HoldfastCommand.ProducerLost lost) {
                task.raiseFence(lost.fence());
                task.inputs().forEach(input -> input.producerLost(lost.partition(), lost.attempt()));
            } else if (command instanceof HoldfastCommand.ProducerAt at) {
                task.raiseFence(at.fence());
                task.inputs().forEach(input -> input.producerAt(at.descriptor()));
            } else if (command instanceof HoldfastCommand.ConsumerLost lost) {
                return to(task, lost.partition(), output -> output.consumerLost(lost.subpartition()));
            } else if (command instanceof HoldfastCommand.ConsumerFinished finished) {
                return to(task, finished.partition(), output -> output.consumerFinished(finished.subpartition()));
            } else if (command instanceof HoldfastCommand.ReceiverWeight receiver) {
                return to(
                        task,
                        receiver.partition(),
                        output -> output.weight(receiver.subpartition(), receiver.weight()));
            } else if (command instanceof HoldfastCommand.Freeze freeze) {
                return task.attempt().equals(freeze.attempt()) && task.freeze(freeze.from());
            } else if (command instanceof HoldfastCommand.StandsAt stands) {
                return task.attempt().equals(stands.attempt()) && task.standsAt(stands.checkpoint());
            } else if (command instanceof HoldfastCommand.Thaw thaw) {
                return task.attempt().equals(thaw.attempt()) && task.thaw();
            } else if (command instanceof HoldfastCommand.Hold hold) {
                return to(task, hold.partition(), output -> output.hold(hold.subpartition(), hold.from()));
            } else if (command instanceof HoldfastCommand.HeldAt held) {
                return to(task, held.partition(), output -> output.heldAt(held.subpartition(), held.checkpoint()));
            } else if (command instanceof HoldfastCommand.Unhold unhold) {
                return to(task, unhold.partition(), output -> output.unhold(unhold.subpartition()));
            } else if (command instanceof HoldfastCommand.Forget forget) {
                return to(task, forget.partition(), output -> output.forget(forget.subpartition()));
            } else {
                throw new IllegalStateException("unknown command " + command);
            }
            return true;
        } catch (RuntimeException e) {
            LOG.error("Command failed: task={} command={}", task.attempt(), command, e);
            throw e;
        }
    }

    private static boolean to(
            TaskExchange task, IntermediateResultPartitionID partition, Consumer<TaskExchange.Output> command) {
        boolean has = false;
        for (TaskExchange.Output output : task.outputs()) {
            if (output.partition().equals(partition)) {
                command.accept(output);
                has = true;
            }
        }
        return has;
    }
}
