package org.apache.flink.runtime.scheduler;

import io.holdfast.flink.move.MoveHost.Errand;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.annotation.Nullable;
import org.apache.flink.api.common.accumulators.Accumulator;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.accumulators.AccumulatorSnapshot;
import org.apache.flink.runtime.clusterframework.types.AllocationID;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.deployment.TaskDeploymentDescriptor;
import org.apache.flink.runtime.deployment.TaskDeploymentDescriptor.NonOffloaded;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.DefaultExecutionGraph;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionGraphID;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.executiongraph.TaskExecutionStateTransition;
import org.apache.flink.runtime.executiongraph.TaskInformation;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.jobgraph.tasks.AbstractInvokable;
import org.apache.flink.runtime.jobmanager.slots.TaskManagerGateway;
import org.apache.flink.runtime.jobmaster.ExecutionDeploymentTracker;
import org.apache.flink.runtime.jobmaster.LogicalSlot;
import org.apache.flink.runtime.jobmaster.slotpool.PhysicalSlot;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.util.SerializedValue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks of Holdfast's own in slots of the job, most of which wait for a task of its. The execution graph does not know of them: they are
 * not in Flink's REST, and a failure of theirs is nobody's. JobMaster main thread only.
 *
 * <p>Follows Flink's {@link Execution#deploy()}, read at 2.2.1 and 2.3.0.
 */
final class SlotErrands {

    private static final Logger LOG = LoggerFactory.getLogger(SlotErrands.class);

    /** After which nobody waits for a task that has not ended: its TaskManager may be gone. */
    private static final long LONGEST_MS = 600_000;

    private final HoldfastScheduler scheduler;
    private final ExecutionDeploymentTracker deployments;
    private final ClassLoader userCode;
    private final Duration rpcTimeout;
    private final Map<ExecutionAttemptID, Running> running = new HashMap<>();

    /** A slot that the job has: one that waits, or one with tasks. */
    record Place(AllocationID allocation, ResourceID taskManager, TaskManagerGateway gateway) {

        static Place of(PhysicalSlot slot) {
            return new Place(
                    slot.getAllocationId(),
                    slot.getTaskManagerLocation().getResourceID(),
                    slot.getTaskManagerGateway());
        }

        static Place of(LogicalSlot slot) {
            return new Place(
                    slot.getAllocationId(),
                    slot.getTaskManagerLocation().getResourceID(),
                    slot.getTaskManagerGateway());
        }
    }

    /** One that was sent. */
    private final class Running implements Errand {
        private final ExecutionAttemptID attempt;
        private final Place place;
        private final CompletableFuture<Map<String, Object>> ended = new CompletableFuture<>();

        Running(ExecutionAttemptID attempt, Place place) {
            this.attempt = attempt;
            this.place = place;
        }

        @Override
        public CompletableFuture<Map<String, Object>> ended() {
            return ended;
        }

        @Override
        public void cancel() {
            if (running.containsKey(attempt)) {
                place.gateway.cancelTask(attempt, rpcTimeout);
            }
        }
    }

    SlotErrands(
            HoldfastScheduler scheduler,
            ExecutionDeploymentTracker deployments,
            ClassLoader userCode,
            Duration rpcTimeout) {
        this.scheduler = scheduler;
        this.deployments = deployments;
        this.userCode = userCode;
        this.rpcTimeout = rpcTimeout;
    }

    /**
     * Sends a task that runs {@code invokable} on behalf of {@code real}. It has an attempt of its own.
     *
     * @param vertex of the task: that of {@code real}, or a new one, so that the TaskManager does not take the two for one
     */
    Errand send(
            Place place,
            ExecutionVertex real,
            JobVertexID vertex,
            String name,
            Class<? extends AbstractInvokable> invokable,
            Configuration configuration) {
        DefaultExecutionGraph graph = scheduler.graph();
        ExecutionAttemptID attempt = new ExecutionAttemptID(
                new ExecutionGraphID(), new ExecutionVertexID(vertex, real.getParallelSubtaskIndex()), 0);
        Running errand = new Running(attempt, place);
        TaskDeploymentDescriptor descriptor;
        try {
            TaskInformation task = new TaskInformation(
                    vertex,
                    name,
                    real.getTotalNumberOfParallelSubtasks(),
                    real.getMaxParallelism(),
                    invokable.getName(),
                    configuration);
            descriptor = new TaskDeploymentDescriptor(
                    scheduler.jobId(),
                    graph.getTaskDeploymentDescriptorFactory().getSerializedJobInformation(),
                    new NonOffloaded<>(new SerializedValue<>(task)),
                    attempt,
                    place.allocation,
                    null, // no state
                    List.of(),
                    List.of());
        } catch (IOException e) {
            LOG.debug("Not sent: task={}", name, e);
            errand.ended.complete(Map.of());
            return errand;
        }
        running.put(attempt, errand);
        deployments.startTrackingPendingDeploymentOf(attempt, place.taskManager);
        scheduler.schedule(() -> forget(attempt), LONGEST_MS);
        place.gateway
                .submitTask(descriptor, rpcTimeout)
                .whenComplete((done, failure) -> scheduler.execute(() -> {
                    if (failure != null) {
                        LOG.debug("Not sent: task={}", name, failure);
                        over(attempt, Map.of());
                    } else if (running.containsKey(attempt)) {
                        deployments.completeDeploymentOf(attempt);
                    }
                }));
        return errand;
    }

    /** Whether the news is of one of these tasks, and of no interest to anybody else. */
    boolean updated(TaskExecutionStateTransition news) {
        if (!running.containsKey(news.getID())) {
            return false;
        }
        ExecutionState state = news.getExecutionState();
        if (state.isTerminal()) {
            over(news.getID(), state == ExecutionState.FINISHED ? said(news.getAccumulators()) : Map.of());
        }
        return true;
    }

    private Map<String, Object> said(@Nullable AccumulatorSnapshot accumulators) {
        Map<String, Object> said = new HashMap<>();
        if (accumulators != null) {
            try {
                for (Map.Entry<String, Accumulator<?, ?>> each :
                        accumulators.deserializeUserAccumulators(userCode).entrySet()) {
                    said.put(each.getKey(), each.getValue().getLocalValue());
                }
            } catch (IOException | ClassNotFoundException e) {
                LOG.debug("What a task said cannot be read", e);
            }
        }
        return said;
    }

    /** Flink goes on tracking it: it would cancel one that it does not know, and end a TaskManager where that hangs. */
    private void forget(ExecutionAttemptID attempt) {
        Running errand = running.remove(attempt);
        if (errand != null) {
            errand.ended.complete(Map.of());
        }
    }

    private void over(ExecutionAttemptID attempt, Map<String, Object> said) {
        Running errand = running.remove(attempt);
        deployments.stopTrackingDeploymentOf(attempt);
        if (errand != null) {
            errand.ended.complete(said);
        }
    }
}
