package io.holdfast.flink.restart;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.jobmaster.LogicalSlot;
import org.apache.flink.runtime.messages.Acknowledge;
import org.apache.flink.runtime.shuffle.HoldfastCommand;
import org.apache.flink.runtime.shuffle.HoldfastControl;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.concurrent.FutureUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Commands collected for TaskManagers and sent in one message to each. JobMaster main thread only; used once. */
public final class Outbox {

    private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

    private static final long REPEAT_MS = 1_000;

    private record Letter(Execution via, Set<HoldfastCommand> commands) {}

    private final RestartHost host;
    private final Map<ResourceID, Letter> letters = new LinkedHashMap<>();

    /** JobMaster main thread. */
    public Outbox(RestartHost host) {
        this.host = host;
    }

    /** Whether {@code execution} is known to its TaskManager, and not gone. */
    public static boolean reachable(Execution execution) {
        ExecutionState state = execution.getState();
        return (state == ExecutionState.INITIALIZING || state == ExecutionState.RUNNING)
                && execution.getAssignedResource() != null;
    }

    /** {@code command} goes to where {@code target} runs; nowhere if it is not reachable. */
    public void add(Execution target, HoldfastCommand command) {
        if (reachable(target)) {
            letters.computeIfAbsent(
                            target.getAssignedResourceLocation().getResourceID(),
                            ignored -> new Letter(target, new LinkedHashSet<>()))
                    .commands
                    .add(command);
        }
    }

    /**
     * {@code command} goes to where {@code target} runs, or has run, through any attempt of the job that is reachable there.
     *
     * @return whether there is one
     */
    public boolean addNear(Execution target, HoldfastCommand command) {
        if (reachable(target)) {
            add(target, command);
            return true;
        }
        if (target.getAssignedResourceLocation() == null) {
            return false;
        }
        ResourceID taskManager = target.getAssignedResourceLocation().getResourceID();
        Optional<Execution> neighbour = host.executions().values().stream()
                .filter(other -> reachable(other)
                        && other.getAssignedResourceLocation().getResourceID().equals(taskManager))
                .findFirst();
        neighbour.ifPresent(via -> add(via, command));
        return neighbour.isPresent();
    }

    /** A command that does not arrive is not lost: what matters is repeated until gates report it done. */
    public void send() {
        send(() -> {});
    }

    /**
     * As above, where no gate reports anything.
     *
     * @param again run once, on the main thread and a second later, if a command may not have been carried out: a
     *     TaskManager has not answered, or has answered although the attempt that it was addressed by is gone
     */
    public void send(Runnable again) {
        AtomicBoolean once = new AtomicBoolean();
        Runnable repeat = () -> {
            if (once.compareAndSet(false, true)) {
                again.run();
            }
        };
        letters.values().forEach(letter -> send(letter, repeat));
        letters.clear();
    }

    /**
     * As above; the future is completed on the main thread when all TaskManagers have answered, exceptionally if one has
     * not, or could not carry a command out. A TaskManager also answers, having done nothing, if the attempt that it was
     * addressed by is gone: so that attempt must be seen to live on.
     */
    public CompletableFuture<Void> deliver() {
        List<CompletableFuture<?>> answers = new ArrayList<>();
        letters.values().forEach(letter -> answers.add(post(letter)));
        letters.clear();
        CompletableFuture<Void> delivered = new CompletableFuture<>();
        FutureUtils.waitForAll(answers)
                .whenComplete((done, failure) -> host.execute(() -> {
                    if (failure == null) {
                        delivered.complete(null);
                    } else {
                        delivered.completeExceptionally(ExceptionUtils.stripCompletionException(failure));
                    }
                }));
        return delivered;
    }

    private CompletableFuture<Acknowledge> post(Letter letter) {
        LogicalSlot slot = letter.via.getAssignedResource();
        HoldfastControl control =
                new HoldfastControl(host.jobId(), letter.via.getAttemptId(), new ArrayList<>(letter.commands));
        return slot.getTaskManagerGateway()
                .updatePartitions(letter.via.getAttemptId(), control, host.rpcTimeout())
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        LOG.info(
                                "Commands not delivered: taskManager={} commands={} cause={}",
                                slot.getTaskManagerLocation().getResourceID(),
                                letter.commands.size(),
                                failure.toString());
                    }
                });
    }

    private void send(Letter letter, Runnable repeat) {
        post(letter).whenComplete((done, failure) -> {
            host.schedule(
                    () -> {
                        if (failure != null || !reachable(letter.via)) {
                            repeat.run();
                        }
                    },
                    REPEAT_MS);
        });
    }
}
