package org.apache.flink.runtime.scheduler;

import io.holdfast.flink.move.ListClasses;
import io.holdfast.flink.move.MoveSlots.Reserved;
import io.holdfast.flink.move.WarmUp;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.executiongraph.ExecutionJobVertex;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.jobmaster.LogicalSlot;
import org.apache.flink.runtime.scheduler.SlotErrands.Place;

/** Runs {@link WarmUp} tasks where tasks are about to be put. JobMaster main thread only. */
final class WarmUps {

    private final HoldfastScheduler scheduler;
    private final SlotErrands errands;

    WarmUps(HoldfastScheduler scheduler, SlotErrands errands) {
        this.scheduler = scheduler;
        this.errands = errands;
    }

    /**
     * One task for each of the vertices of {@code moved} and each TaskManager of {@code slots} where none of it runs.
     *
     * @return completed on the main thread when all have ended, however
     */
    CompletableFuture<Void> run(Collection<Reserved> slots, Collection<Execution> moved) {
        Map<ExecutionJobVertex, ExecutionVertex> vertices = new LinkedHashMap<>();
        moved.forEach(execution -> vertices.putIfAbsent(execution.getVertex().getJobVertex(), execution.getVertex()));
        Map<ResourceID, Place> places = new LinkedHashMap<>();
        slots.stream()
                .map(slot -> Place.of(slot.slot()))
                .forEach(place -> places.putIfAbsent(place.taskManager(), place));
        places.values()
                .removeIf(place -> vertices.keySet().stream().allMatch(vertex -> runsOn(vertex, place.taskManager())));
        return places.isEmpty()
                ? CompletableFuture.completedFuture(null)
                : classes(moved).thenCompose(classes -> run(places.values(), vertices.values(), classes));
    }

    /** Those that one of the TaskManagers to leave has loaded. */
    private CompletableFuture<byte[]> classes(Collection<Execution> moved) {
        Execution one = moved.iterator().next();
        LogicalSlot slot = one.getAssignedResource();
        return errands.send(
                        Place.of(slot),
                        one.getVertex(),
                        new JobVertexID(),
                        "Class list of " + one.getVertex().getJobVertex().getName(),
                        ListClasses.class,
                        new Configuration())
                .ended()
                .thenApply(said ->
                        said.get(ListClasses.CLASSES) instanceof List<?> list && list.get(0) instanceof byte[] classes
                                ? classes
                                : new byte[0]);
    }

    private CompletableFuture<Void> run(
            Collection<Place> places, Collection<ExecutionVertex> vertices, byte[] classes) {
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (Place place : places) {
            byte[] some = classes; // once for each TaskManager
            for (ExecutionVertex vertex : vertices) {
                if (!runsOn(vertex.getJobVertex(), place.taskManager())) {
                    all.add(send(place, vertex, some));
                    some = new byte[0];
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

    private CompletableFuture<?> send(Place place, ExecutionVertex vertex, byte[] classes) {
        JobVertex real = vertex.getJobVertex().getJobVertex();
        return errands.send(
                        place,
                        vertex,
                        new JobVertexID(),
                        "Warm-up for " + vertex.getJobVertex().getName(),
                        WarmUp.class,
                        WarmUp.configuration(real.getConfiguration(), real.getInvokableClassName(), classes))
                .ended();
    }
}
