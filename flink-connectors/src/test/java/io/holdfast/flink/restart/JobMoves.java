package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.handoff.StateOffer;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.UnaryOperator;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.operators.coordination.CoordinationRequest;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.runtime.webmonitor.MoveResponse;
import org.apache.flink.util.SerializedValue;

/** Moves the tasks of one job, as the REST endpoint does. */
record JobMoves(TestCluster cluster, JobID job) {

    private static final long ENOUGH_MS = 30_000;

    /** Begins a move off {@code taskManager}, which tasks may come back to when it has ended. */
    String start(ResourceID taskManager) throws Exception {
        return start(order -> order, taskManager);
    }

    /** The same; local state of {@code taskManager} is to be had at {@code offer}. */
    String start(ResourceID taskManager, StateOffer offer) throws Exception {
        return start(order -> order.offering(taskManager, offer), taskManager);
    }

    private String start(UnaryOperator<MoveRequest> more, ResourceID taskManager) throws Exception {
        String id = UUID.randomUUID().toString().replace("-", "");
        long now = System.currentTimeMillis();
        ask(more.apply(MoveRequest.start(id, List.of(taskManager), "test", now + ENOUGH_MS, now, false)));
        return id;
    }

    /** Ends a move, unless it is too late for that. */
    void cancel(String move) throws Exception {
        ask(MoveRequest.cancel(move));
    }

    /** What REST shows of a move; empty if the job has ended, so that nobody knows. */
    Map<String, Serializable> view(String move) throws Exception {
        try {
            return ask(MoveRequest.get(move)).views().get(0);
        } catch (ExecutionException e) {
            if (isRunning()) {
                throw e;
            }
            return Map.of();
        }
    }

    /** The same when the move has ended. */
    Map<String, Serializable> ended(String move) throws Exception {
        while (true) {
            Map<String, Serializable> view = view(move);
            if (view.isEmpty() || List.of("COMPLETED", "CANCELLED", "FAILED").contains(view.get("state"))) {
                return view;
            }
            Waiting.pause();
        }
    }

    static void assertHandedOver(Map<String, Serializable> move) {
        assertThat(move)
                .containsEntry("state", "COMPLETED")
                .containsEntry("step", "handover")
                .containsEntry("detail", "");
        assertThat((List<?>) move.get("subtasks")).isNotEmpty();
    }

    boolean isRunning() {
        return cluster.miniCluster().getJobStatus(job).join() == JobStatus.RUNNING;
    }

    /** Where each task is that runs. */
    Map<String, ResourceID> places() {
        Map<String, ResourceID> places = new HashMap<>();
        for (AccessExecutionVertex task :
                cluster.miniCluster().getExecutionGraph(job).join().getAllExecutionVertices()) {
            if (task.getExecutionState() == ExecutionState.RUNNING
                    && task.getCurrentAssignedResourceLocation() != null) {
                places.put(
                        task.getTaskNameWithSubtaskIndex(),
                        task.getCurrentAssignedResourceLocation().getResourceID());
            }
        }
        return places;
    }

    /** TaskManagers with tasks that run. */
    List<ResourceID> used() {
        return places().values().stream().distinct().toList();
    }

    private MoveResponse ask(CoordinationRequest request) throws Exception {
        return (MoveResponse) cluster.miniCluster()
                .deliverCoordinationRequestToCoordinator(job, MoveRequest.OPERATOR, new SerializedValue<>(request))
                .get();
    }
}
