package io.holdfast.benchmarks.jobmanager;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.clusterframework.types.AllocationID;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.clusterframework.types.ResourceProfile;
import org.apache.flink.runtime.deployment.InputGateDeploymentDescriptor;
import org.apache.flink.runtime.deployment.TaskDeploymentDescriptor;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.PartitionInfo;
import org.apache.flink.runtime.io.network.partition.ResultPartitionID;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.jobmanager.slots.TaskManagerGateway;
import org.apache.flink.runtime.messages.Acknowledge;
import org.apache.flink.runtime.operators.coordination.OperatorEvent;
import org.apache.flink.runtime.taskexecutor.slot.SlotOffer;
import org.apache.flink.runtime.taskmanager.TaskManagerLocation;
import org.apache.flink.util.InstantiationUtil;
import org.apache.flink.util.SerializedValue;

/**
 * A TaskManager that runs nothing: it accepts every task at once and says that it runs. Commands to many tasks are
 * serialized on the caller's thread, as Flink's RPC does. What it does itself happens on {@code thread}, one at a time.
 */
final class SimulatedTaskManager implements TaskManagerGateway {

    private static final int DATA_PORT = 6_121;

    /** What a TaskManager tells its JobMaster. Any thread. */
    interface JobMaster {

        /** On the thread that handed it over. */
        void received(ExecutionAttemptID attempt, SimulatedTaskManager by);

        void changed(ExecutionAttemptID attempt, ExecutionState state);

        void asked(Side.Question question);

        void begun(long checkpoint);
    }

    private final ResourceID id;
    private final TaskManagerLocation location;
    private final int slots;
    private final JobMaster jobMaster;
    private final Executor thread;
    private final Side.Exchange exchange;
    private final Map<ExecutionAttemptID, TaskDeploymentDescriptor> tasks = new HashMap<>(); // on thread
    private volatile boolean dead;

    SimulatedTaskManager(int number, int slots, Side side, JobMaster jobMaster, Executor thread) {
        this.id = new ResourceID("tm-" + number);
        this.slots = slots;
        this.jobMaster = jobMaster;
        this.thread = thread;
        this.exchange = side.exchange(question -> {
            if (!dead) {
                jobMaster.asked(question);
            }
        });
        InetAddress address = address(number);
        this.location = new TaskManagerLocation(
                id,
                address,
                DATA_PORT,
                new TaskManagerLocation.IpOnlyHostNameSupplier(address),
                address.getHostAddress());
    }

    private static InetAddress address(int number) {
        try {
            return InetAddress.getByAddress(new byte[] {10, 0, (byte) (number >> 8), (byte) number});
        } catch (UnknownHostException e) {
            throw new UncheckedIOException(e);
        }
    }

    ResourceID id() {
        return id;
    }

    TaskManagerLocation location() {
        return location;
    }

    List<SlotOffer> offers() {
        List<SlotOffer> offers = new ArrayList<>();
        for (int slot = 0; slot < slots; slot++) {
            offers.add(new SlotOffer(new AllocationID(), slot, ResourceProfile.ANY));
        }
        return offers;
    }

    /** From now on it says nothing. */
    void kill() {
        dead = true;
        thread.execute(() -> List.copyOf(tasks.keySet()).forEach(this::end));
    }

    /** One of its tasks fails by itself. */
    void ended(ExecutionAttemptID attempt) {
        thread.execute(() -> end(attempt));
    }

    private void end(ExecutionAttemptID attempt) {
        if (tasks.remove(attempt) != null) {
            exchange.ended(attempt);
        }
    }

    private void changed(ExecutionAttemptID attempt, ExecutionState state) {
        if (!dead) {
            jobMaster.changed(attempt, state);
        }
    }

    @Override
    public CompletableFuture<Acknowledge> submitTask(TaskDeploymentDescriptor task, Duration timeout) {
        jobMaster.received(task.getExecutionAttemptId(), this);
        thread.execute(() -> {
            ExecutionAttemptID attempt = task.getExecutionAttemptId();
            tasks.put(attempt, task);
            exchange.started(
                    task.getJobId(),
                    attempt,
                    task.getInputGates().stream()
                            .map(InputGateDeploymentDescriptor::getConsumedResultId)
                            .toList());
            changed(attempt, ExecutionState.INITIALIZING);
            changed(attempt, ExecutionState.RUNNING);
        });
        return done();
    }

    @Override
    public CompletableFuture<Acknowledge> cancelTask(ExecutionAttemptID attempt, Duration timeout) {
        thread.execute(() -> {
            end(attempt);
            changed(attempt, ExecutionState.CANCELED);
        });
        return done();
    }

    @Override
    public CompletableFuture<Acknowledge> updatePartitions(
            ExecutionAttemptID attempt, Iterable<PartitionInfo> message, Duration timeout) {
        try {
            byte[] bytes = InstantiationUtil.serializeObject(message);
            thread.execute(() -> receive(bytes));
            return done();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void receive(byte[] message) {
        if (tasks.isEmpty()) {
            return;
        }
        try {
            exchange.received(
                    InstantiationUtil.deserializeObject(message, getClass().getClassLoader()));
        } catch (IOException | ClassNotFoundException e) {
            throw new IllegalStateException("a message of the JobMaster cannot be read", e);
        }
    }

    @Override
    public CompletableFuture<Acknowledge> triggerCheckpoint(
            ExecutionAttemptID attempt, JobID job, long checkpoint, long timestamp, CheckpointOptions options) {
        jobMaster.begun(checkpoint);
        return done();
    }

    @Override
    public String getAddress() {
        return location.addressString();
    }

    @Override
    public void releasePartitions(JobID job, Set<ResultPartitionID> partitions) {}

    @Override
    public void notifyCheckpointOnComplete(
            ExecutionAttemptID attempt, JobID job, long checkpoint, long timestamp, long subsumed) {}

    @Override
    public void notifyCheckpointAborted(
            ExecutionAttemptID attempt, JobID job, long checkpoint, long latest, long timestamp) {}

    @Override
    public CompletableFuture<Acknowledge> freeSlot(AllocationID slot, Throwable cause, Duration timeout) {
        return done();
    }

    @Override
    public CompletableFuture<Acknowledge> sendOperatorEventToTask(
            ExecutionAttemptID attempt, OperatorID operator, SerializedValue<OperatorEvent> event) {
        return done();
    }

    private static CompletableFuture<Acknowledge> done() {
        return CompletableFuture.completedFuture(Acknowledge.get());
    }
}
