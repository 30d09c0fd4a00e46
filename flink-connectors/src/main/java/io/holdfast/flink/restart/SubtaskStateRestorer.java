package io.holdfast.flink.restart;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.flink.runtime.OperatorIDPair;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.JobManagerTaskRestore;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.RoundRobinOperatorStateRepartitioner;
import org.apache.flink.runtime.checkpoint.StateObjectCollection;
import org.apache.flink.runtime.checkpoint.TaskStateSnapshot;
import org.apache.flink.runtime.executiongraph.ExecutionJobVertex;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.OperatorStateHandle;

/**
 * Gives one subtask its state from a checkpoint that was taken with the parallelism the job has now. Flink's own way
 * assigns the state of the whole job; this one looks at the handles of the subtask, and at those of its vertex only where
 * list state is not simply split (union lists, broadcast state).
 *
 * <p>Follows {@code StateAssignmentOperation}, read at 2.2.1 and 2.3.0, for unchanged parallelism and without in-flight
 * data. Pure but for the state it hands out.
 */
public final class SubtaskStateRestorer {

    private SubtaskStateRestorer() {}

    /**
     * JobMaster main thread.
     *
     * @return what to restore; empty if the checkpoint was taken with another parallelism, so that state must be
     *     redistributed over the whole vertex
     */
    public static Optional<JobManagerTaskRestore> restore(ExecutionVertex vertex, CompletedCheckpoint checkpoint) {
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
        boolean onlySplit = state.getStates().stream()
                .flatMap(of -> kind.apply(of).stream())
                .flatMap(handle -> handle.getStateNameToPartitionOffsets().values().stream())
                .allMatch(part -> part.getDistributionMode() == OperatorStateHandle.Mode.SPLIT_DISTRIBUTE);
        if (onlySplit) {
            return kind.apply(own);
        }
        List<List<OperatorStateHandle>> all = new ArrayList<>(state.getParallelism());
        for (int i = 0; i < state.getParallelism(); i++) {
            OperatorSubtaskState of = state.getState(i);
            all.add(of == null ? List.of() : new ArrayList<>(kind.apply(of)));
        }
        return new StateObjectCollection<>(RoundRobinOperatorStateRepartitioner.INSTANCE
                .repartitionState(all, state.getParallelism(), state.getParallelism())
                .get(subtask));
    }
}
