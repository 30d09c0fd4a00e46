package org.apache.flink.runtime.scheduler;

import io.holdfast.flink.move.MoveSlots.Reserved;
import io.holdfast.flink.move.WarmUp;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.deployment.TaskDeploymentDescriptor;
import org.apache.flink.runtime.deployment.TaskDeploymentDescriptor.NonOffloaded;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.DefaultExecutionGraph;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionJobVertex;
import org.apache.flink.runtime.executiongraph.TaskInformation;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.jobmaster.ExecutionDeploymentTracker;
import org.apache.flink.runtime.jobmaster.slotpool.PhysicalSlot;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.util.SerializedValue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs {@link WarmUp} tasks in slots that wait for real ones. The execution graph does not know of them: they are not in
 * Flink's REST, and a failure of theirs is nobody's. JobMaster main thread only.
 *
 * <p>Follows Flink's {@link Execution#deploy()}, read at 2.2.1 and 2.3.0.
 */
final class WarmUps {

    private static final Logger LOG = LoggerFactory.getLogger(WarmUps.class);

    private final HoldfastScheduler scheduler;
    private final ExecutionDeploymentTracker deployments;
    private final Duration rpcTimeout;
    private final Map<ExecutionAttemptID, CompletableFuture<Void>> running = new HashMap<>();

    WarmUps(HoldfastScheduler scheduler, ExecutionDeploymentTracker deployments, Duration rpcTimeout) {
        this.scheduler = scheduler;
        this.deployments = deployments;
        this.rpcTimeout = rpcTimeout;
    }

    /**
     * One task for each of the vertices of {@code moved} and each TaskManager of {@code slots} where none of it runs.
     *
     * @return completed on the main thread when all have ended, however
     */
    CompletableFuture<Void> run(Collection<Reserved> slots, Collection<Execution> moved) {
        Set<ExecutionJobVertex> vertices = new LinkedHashSet<>();
        moved.forEach(execution -> vertices.add(execution.getVertex().getJobVertex()));
        Set<ResourceID> seen = new LinkedHashSet<>();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (Reserved reserved : slots) {
            PhysicalSlot slot = reserved.slot();
            if (seen.add(slot.getTaskManagerLocation().getResourceID())) {
                for (ExecutionJobVertex vertex : vertices) {
                    if (!runsOn(vertex, slot.getTaskManagerLocation().getResourceID())) {
                        all.add(submit(slot, vertex));
                    }
                }
            }
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
    }

    private boolean runsOn(ExecutionJobVertex vertex, ResourceID taskManager) {
        return scheduler.executions().values().stream()
                .anyMatch(execution -> execution.getVertex().getJobVertex() == vertex
                        && execution.getState() == ExecutionState.RUNNING
                        && execution.getAssignedResourceLocation() != null
                        && execution
                                .getAssignedResourceLocation()
                                .getResourceID()
                                .equals(taskManager));
    }

    private CompletableFuture<Void> submit(PhysicalSlot slot, ExecutionJobVertex vertex) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        DefaultExecutionGraph graph = scheduler.graph();
        JobVertexID id = new JobVertexID();
        ExecutionAttemptID attempt =
                new ExecutionAttemptID(graph.getExecutionGraphID(), new ExecutionVertexID(id, 0), 0);
        TaskDeploymentDescriptor descriptor;
        try {
            JobVertex real = vertex.getJobVertex();
            TaskInformation task = new TaskInformation(
                    id,
                    "Warm-up for " + vertex.getName(),
                    1,
                    1,
                    WarmUp.class.getName(),
                    WarmUp.configuration(real.getConfiguration(), real.getInvokableClassName()));
            descriptor = new TaskDeploymentDescriptor(
                    scheduler.jobId(),
                    graph.getTaskDeploymentDescriptorFactory().getSerializedJobInformation(),
                    new NonOffloaded<>(new SerializedValue<>(task)),
                    attempt,
                    slot.getAllocationId(),
                    null,
                    List.of(),
                    List.of());
        } catch (IOException e) {
            LOG.debug("Not warmed up: vertex={}", vertex.getName(), e);
            return CompletableFuture.completedFuture(null);
        }
        running.put(attempt, ended);
        deployments.startTrackingPendingDeploymentOf(
                attempt, slot.getTaskManagerLocation().getResourceID());
        slot.getTaskManagerGateway()
                .submitTask(descriptor, rpcTimeout)
                .whenComplete((done, failure) -> scheduler.execute(() -> {
                    if (failure != null) {
                        LOG.debug("Not warmed up: vertex={}", vertex.getName(), failure);
                        over(attempt);
                    } else if (running.containsKey(attempt)) {
                        deployments.completeDeploymentOf(attempt);
                    }
                }));
        return ended;
    }

    /** Whether the news is of one of these tasks, and of no interest to anybody else. */
    boolean updated(ExecutionAttemptID attempt, ExecutionState state) {
        if (!running.containsKey(attempt)) {
            return false;
        }
        if (state.isTerminal()) {
            over(attempt);
        }
        return true;
    }

    private void over(ExecutionAttemptID attempt) {
        CompletableFuture<Void> ended = running.remove(attempt);
        deployments.stopTrackingDeploymentOf(attempt);
        if (ended != null) {
            ended.complete(null);
        }
    }
}
