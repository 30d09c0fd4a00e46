package io.holdfast.flink.restart;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.flink.runtime.OperatorIDPair;
import org.apache.flink.runtime.checkpoint.CheckpointCoordinator;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.JobManagerTaskRestore;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.StateObjectCollection;
import org.apache.flink.runtime.checkpoint.TaskStateSnapshot;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.ExecutionGraph;
import org.apache.flink.runtime.executiongraph.ExecutionJobVertex;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.OperatorStreamStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives lost subtasks their state from a checkpoint. Flink's own way assigns the state of the whole job; where the
 * checkpoint was taken with the parallelism the job has now, this one looks at the handles of the subtask, and at those
 * of its vertex only where list state is not simply split (union lists, broadcast state).
 *
 * <p>Follows {@code StateAssignmentOperation} and {@code RoundRobinOperatorStateRepartitioner}, read at 2.2.1 and 2.3.0,
 * for unchanged parallelism and without in-flight data. Changes nothing but what tasks begin with.
 */
public final class SubtaskStateRestorer {

    private static final Logger LOG = LoggerFactory.getLogger(SubtaskStateRestorer.class);

    /** What one subtask wrote of a list that is not simply split. */
    private record Part(int subtask, StreamStateHandle state, OperatorStateHandle.StateMetaInfo offsets) {}

    private SubtaskStateRestorer() {}

    /** JobMaster main thread. Gives each of {@code lost} what it begins with; the others keep what they have. */
    public static void restore(
            Collection<ExecutionVertexID> lost,
            ExecutionGraph graph,
            CompletedCheckpoint checkpoint,
            CheckpointCoordinator coordinator)
            throws Exception {
        for (ExecutionVertexID id : lost) {
            ExecutionVertex vertex = graph.getJobVertex(id.getJobVertexId()).getTaskVertices()[id.getSubtaskIndex()];
            Optional<JobManagerTaskRestore> state = stateOf(vertex, checkpoint);
            if (state.isEmpty()) {
                redistribute(graph, coordinator);
                LOG.info("State redistributed for a local restart: tasks={}", lost.size());
                return;
            }
            vertex.getCurrentExecutionAttempt().setInitialState(state.get());
        }
    }

    /** The checkpoint is of another parallelism: Flink assigns everybody's state, of which only the lost take theirs. */
    private static void redistribute(ExecutionGraph graph, CheckpointCoordinator coordinator) throws Exception {
        coordinator.restoreLatestCheckpointedStateToSubtasks(
                new HashSet<>(graph.getAllVertices().values()));
        for (ExecutionVertex vertex : graph.getAllExecutionVertices()) {
            ExecutionState state = vertex.getExecutionState();
            boolean waits = state == ExecutionState.CREATED || state == ExecutionState.SCHEDULED;
            if (!waits) { // another one that waits is lost too, and keeps what it was given
                vertex.getCurrentExecutionAttempt().setInitialState(null);
            }
        }
    }

    /**
     * @return what to restore; empty if the checkpoint was taken with another parallelism, so that state must be
     *     redistributed over the whole vertex
     */
    public static Optional<JobManagerTaskRestore> stateOf(ExecutionVertex vertex, CompletedCheckpoint checkpoint) {
        ExecutionJobVertex jobVertex = vertex.getJobVertex();
        Map<OperatorID, OperatorState> states = checkpoint.getOperatorStates();
        TaskStateSnapshot snapshot =
                new TaskStateSnapshot(jobVertex.getOperatorIDs().size(), false);
        for (OperatorIDPair id : jobVertex.getOperatorIDs()) {
            OperatorState state = id.getUserDefinedOperatorID().map(states::get).orElse(null);
            if (state == null) {
                state = states.get(id.getGeneratedOperatorID());
            }
            if (state == null) {
                snapshot.putSubtaskStateByOperatorID(
                        id.getGeneratedOperatorID(),
                        OperatorSubtaskState.builder().build());
                continue;
            }
            if (state.isFullyFinished()) {
                return Optional.of(
                        new JobManagerTaskRestore(checkpoint.getCheckpointID(), TaskStateSnapshot.FINISHED_ON_RESTORE));
            }
            if (state.getParallelism() != jobVertex.getParallelism()
                    || state.getMaxParallelism() != jobVertex.getMaxParallelism()) {
                return Optional.empty();
            }
            snapshot.putSubtaskStateByOperatorID(
                    id.getGeneratedOperatorID(), subtaskState(state, vertex.getParallelSubtaskIndex()));
        }
        return Optional.of(new JobManagerTaskRestore(checkpoint.getCheckpointID(), snapshot));
    }

    private static OperatorSubtaskState subtaskState(OperatorState state, int subtask) {
        OperatorSubtaskState own = state.getState(subtask);
        if (own == null || own.isFinished()) { // as Flink: a finished subtask's state is empty when it is restored
            own = OperatorSubtaskState.builder().build();
        }
        return OperatorSubtaskState.builder()
                .setManagedOperatorState(listState(state, subtask, own, OperatorSubtaskState::getManagedOperatorState))
                .setRawOperatorState(listState(state, subtask, own, OperatorSubtaskState::getRawOperatorState))
                .setManagedKeyedState(own.getManagedKeyedState())
                .setRawKeyedState(own.getRawKeyedState())
                .build();
    }

    private static StateObjectCollection<OperatorStateHandle> listState(
            OperatorState state,
            int subtask,
            OperatorSubtaskState own,
            Function<OperatorSubtaskState, StateObjectCollection<OperatorStateHandle>> kind) {
        Map<String, List<Part>> unions = new LinkedHashMap<>();
        Map<String, List<Part>> broadcasts = new LinkedHashMap<>();
        for (int i = 0; i < state.getParallelism(); i++) {
            OperatorSubtaskState of = state.getState(i);
            if (of != null) {
                collect(i, kind.apply(of), unions, broadcasts);
            }
        }
        broadcasts.values().removeIf(parts -> reporters(parts) == state.getParallelism()); // everybody has its own
        if (unions.isEmpty() && broadcasts.isEmpty()) {
            return kind.apply(own);
        }
        Map<StreamStateHandle, OperatorStateHandle> merged = new LinkedHashMap<>();
        kind.apply(own).forEach(handle -> merged.put(handle.getDelegateStateHandle(), handle));
        unions.forEach((name, parts) -> parts.forEach(part -> merge(merged, name, part)));
        broadcasts.forEach((name, parts) -> merge(merged, name, parts.get(subtask % parts.size())));
        return new StateObjectCollection<>(new ArrayList<>(merged.values()));
    }

    private static void collect(
            int subtask,
            Iterable<OperatorStateHandle> handles,
            Map<String, List<Part>> unions,
            Map<String, List<Part>> broadcasts) {
        for (OperatorStateHandle handle : handles) {
            handle.getStateNameToPartitionOffsets().forEach((name, offsets) -> {
                OperatorStateHandle.Mode mode = offsets.getDistributionMode();
                if (mode != OperatorStateHandle.Mode.SPLIT_DISTRIBUTE) {
                    (mode == OperatorStateHandle.Mode.UNION ? unions : broadcasts)
                            .computeIfAbsent(name, ignored -> new ArrayList<>())
                            .add(new Part(subtask, handle.getDelegateStateHandle(), offsets));
                }
            });
        }
    }

    private static long reporters(List<Part> parts) {
        return parts.stream().mapToInt(Part::subtask).distinct().count();
    }

    private static void merge(Map<StreamStateHandle, OperatorStateHandle> merged, String name, Part part) {
        merged.computeIfAbsent(part.state, state -> new OperatorStreamStateHandle(new HashMap<>(), state))
                .getStateNameToPartitionOffsets()
                .put(name, part.offsets);
    }
}
