package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.OperatorIDPair;
import org.apache.flink.runtime.checkpoint.CheckpointCoordinator;
import org.apache.flink.runtime.checkpoint.CheckpointCoordinatorTestingUtils.CheckpointCoordinatorBuilder;
import org.apache.flink.runtime.checkpoint.CheckpointProperties;
import org.apache.flink.runtime.checkpoint.CheckpointRetentionPolicy;
import org.apache.flink.runtime.checkpoint.CheckpointsCleaner;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.FinishedOperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.FullyFinishedOperatorState;
import org.apache.flink.runtime.checkpoint.JobManagerTaskRestore;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.StandaloneCompletedCheckpointStore;
import org.apache.flink.runtime.checkpoint.StateHandleDummyUtil;
import org.apache.flink.runtime.checkpoint.TaskStateSnapshot;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.ExecutionGraph;
import org.apache.flink.runtime.executiongraph.ExecutionGraphTestUtils;
import org.apache.flink.runtime.executiongraph.ExecutionJobVertex;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle.Mode;
import org.apache.flink.runtime.state.OperatorStateHandle.StateMetaInfo;
import org.apache.flink.runtime.state.OperatorStreamStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;
import org.apache.flink.runtime.state.testutils.TestCompletedCheckpointStorageLocation;
import org.apache.flink.runtime.testtasks.NoOpInvokable;
import org.apache.flink.util.function.ThrowingConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What one subtask is given, compared with what Flink's own way, which assigns everybody's state, gives it. */
class SubtaskStateRestorerTest {

    private static final long CHECKPOINT = 42;
    private static final int PARALLELISM = 3;
    private static final int MAX_PARALLELISM = 128;

    private final OperatorID head = new OperatorID();
    private final OperatorID tail = new OperatorID();
    private final OperatorID tailByUser = new OperatorID();
    private final Map<OperatorID, OperatorState> states = new HashMap<>();
    private ExecutionJobVertex vertex;

    @BeforeEach
    void aChainOfTwoOperators() throws Exception {
        JobVertex jobVertex = new JobVertex(
                "chain",
                new JobVertexID(),
                List.of(OperatorIDPair.generatedIDOnly(head), OperatorIDPair.of(tail, tailByUser, "tail", "tail")));
        jobVertex.setParallelism(PARALLELISM);
        jobVertex.setMaxParallelism(MAX_PARALLELISM);
        jobVertex.setInvokableClass(NoOpInvokable.class);
        vertex = ExecutionGraphTestUtils.getExecutionJobVertex(jobVertex);
    }

    @Test
    void keyedStateAndSplitListsGoToTheSubtaskThatWroteThem() throws Exception {
        OperatorState state = state(head);
        for (int subtask = 0; subtask < PARALLELISM; subtask++) {
            state.putState(
                    subtask,
                    OperatorSubtaskState.builder()
                            .setManagedKeyedState(keyed(subtask))
                            .setManagedOperatorState(list("split", subtask, Mode.SPLIT_DISTRIBUTE, 2))
                            .setRawOperatorState(list("raw", subtask, Mode.SPLIT_DISTRIBUTE, 1))
                            .build());
        }

        assertSameAsFlink();
        assertThat(restored(1, head)).isEqualTo(state.getState(1));
    }

    @Test
    void unionAndBroadcastListsGoToEverySubtask() throws Exception {
        OperatorState state = state(head);
        for (int subtask = 0; subtask < PARALLELISM; subtask++) {
            state.putState(
                    subtask,
                    OperatorSubtaskState.builder()
                            .setManagedOperatorState(new OperatorStreamStateHandle(
                                    new HashMap<>(Map.of(
                                            "union", new StateMetaInfo(new long[] {0, 5}, Mode.UNION),
                                            "broadcast", new StateMetaInfo(new long[] {9}, Mode.BROADCAST),
                                            "split", new StateMetaInfo(new long[] {12}, Mode.SPLIT_DISTRIBUTE))),
                                    bytes("lists-" + subtask)))
                            .build());
        }

        assertSameAsFlink();
        assertThat(restored(2, head).getManagedOperatorState())
                .filteredOn(handle -> handle.getStateNameToPartitionOffsets().containsKey("union"))
                .hasSize(PARALLELISM);
    }

    @Test
    void broadcastListsThatNotEverybodyWroteGoToEverySubtask() throws Exception {
        OperatorState state = state(head);
        for (int subtask = 1; subtask < PARALLELISM; subtask++) {
            state.putState(
                    subtask,
                    OperatorSubtaskState.builder()
                            .setManagedOperatorState(list("broadcast", subtask, Mode.BROADCAST, 1))
                            .build());
        }

        assertSameAsFlink();
        assertThat(restored(0, head).getManagedOperatorState()).hasSize(1);
    }

    @Test
    void subtaskThatHadNoStateGetsNone() throws Exception {
        OperatorState state = state(head);
        state.putState(
                0, OperatorSubtaskState.builder().setManagedKeyedState(keyed(0)).build());

        assertSameAsFlink();
        assertThat(restored(1, head).hasState()).isFalse();
    }

    @Test
    void subtaskThatHadFinishedBeginsWithoutState() throws Exception {
        OperatorState state = state(head);
        state.putState(
                0, OperatorSubtaskState.builder().setManagedKeyedState(keyed(0)).build());
        state.putState(1, FinishedOperatorSubtaskState.INSTANCE);

        assertSameAsFlink();
        assertThat(restored(1, head).hasState()).isFalse();
    }

    @Test
    void operatorIsFoundByTheIdThatItsUserGaveIt() throws Exception {
        OperatorState state = state(tailByUser);
        for (int subtask = 0; subtask < PARALLELISM; subtask++) {
            state.putState(
                    subtask,
                    OperatorSubtaskState.builder()
                            .setManagedOperatorState(list("split", subtask, Mode.SPLIT_DISTRIBUTE, 1))
                            .build());
        }

        assertSameAsFlink();
        assertThat(restored(1, tail)).isEqualTo(state.getState(1));
    }

    @Test
    void operatorThatIsNotInTheCheckpointBeginsWithoutState() throws Exception {
        state(head);

        assertSameAsFlink();
        assertThat(restored(0, tail).hasState()).isFalse();
    }

    @Test
    void vertexThatHadFinishedAltogetherStaysFinished() throws Exception {
        states.put(head, new FullyFinishedOperatorState(null, null, head, PARALLELISM, MAX_PARALLELISM));
        states.put(tail, new FullyFinishedOperatorState(null, null, tail, PARALLELISM, MAX_PARALLELISM));

        assertSameAsFlink();
        assertThat(snapshot(0).isTaskFinished()).isTrue();
    }

    @Test
    void checkpointOfAnotherParallelismIsLeftToFlink() throws Exception {
        states.put(head, new OperatorState(null, null, head, PARALLELISM + 1, MAX_PARALLELISM));

        assertThat(restore(0)).isEmpty();
    }

    @Test
    void checkpointOfAnotherMaxParallelismIsLeftToFlink() throws Exception {
        states.put(head, new OperatorState(null, null, head, PARALLELISM, 2 * MAX_PARALLELISM));

        assertThat(restore(0)).isEmpty();
    }

    @Test
    void taskIsToldTheIdOfItsCheckpoint() throws Exception {
        state(head);

        assertThat(restore(0).orElseThrow().getRestoreCheckpointId()).isEqualTo(CHECKPOINT);
    }

    @Test
    void onlyTheLostAreGivenTheirState() throws Exception {
        state(head);

        restoreLost(1);

        assertThat(given(1)).isEqualTo(snapshot(1));
        assertThat(given(0)).isNull();
        assertThat(given(2)).isNull();
    }

    @Test
    void stateOfAnotherParallelismIsRedistributedToTheLostAlone() throws Exception {
        OperatorState state = new OperatorState(null, null, head, 1, MAX_PARALLELISM);
        state.putState(
                0,
                OperatorSubtaskState.builder()
                        .setManagedOperatorState(list("split", 0, Mode.SPLIT_DISTRIBUTE, PARALLELISM))
                        .build());
        states.put(head, state);
        for (int running : List.of(0, 2)) {
            subtask(running).getCurrentExecutionAttempt().transitionState(ExecutionState.RUNNING);
        }

        restoreLost(1);

        assertThat(given(1).getSubtaskStateByOperatorID(head).getManagedOperatorState())
                .flatExtracting(
                        handle -> handle.getStateNameToPartitionOffsets().keySet())
                .containsExactly("split");
        assertThat(given(0)).isNull();
        assertThat(given(2)).isNull();
    }

    /** Flink restores the whole vertex; then every subtask must have what it gets alone. */
    private void assertSameAsFlink() throws Exception {
        withCoordinator(coordinator -> coordinator.restoreLatestCheckpointedStateToSubtasks(Set.of(vertex)));
        for (ExecutionVertex subtask : vertex.getTaskVertices()) {
            JobManagerTaskRestore byFlink = subtask.getCurrentExecutionAttempt().getTaskRestore();
            assertThat(snapshot(subtask.getParallelSubtaskIndex()))
                    .as("subtask %d", subtask.getParallelSubtaskIndex())
                    .isEqualTo(byFlink == null ? nothing() : byFlink.getTaskStateSnapshot());
        }
    }

    /** What a task without any state is given: Flink gives it nothing at all, which comes to the same. */
    private TaskStateSnapshot nothing() {
        TaskStateSnapshot snapshot = new TaskStateSnapshot();
        for (OperatorID id : List.of(head, tail)) {
            snapshot.putSubtaskStateByOperatorID(
                    id, OperatorSubtaskState.builder().build());
        }
        return snapshot;
    }

    private OperatorSubtaskState restored(int subtask, OperatorID operator) {
        return snapshot(subtask).getSubtaskStateByOperatorID(operator);
    }

    private TaskStateSnapshot snapshot(int subtask) {
        return restore(subtask).orElseThrow().getTaskStateSnapshot();
    }

    private Optional<JobManagerTaskRestore> restore(int subtask) {
        return SubtaskStateRestorer.stateOf(subtask(subtask), checkpoint());
    }

    private void restoreLost(int subtask) throws Exception {
        withCoordinator(coordinator ->
                SubtaskStateRestorer.restore(Set.of(subtask(subtask).getID()), graph(), checkpoint(), coordinator));
    }

    private TaskStateSnapshot given(int subtask) {
        JobManagerTaskRestore given =
                subtask(subtask).getCurrentExecutionAttempt().getTaskRestore();
        return given == null ? null : given.getTaskStateSnapshot();
    }

    private ExecutionVertex subtask(int index) {
        return vertex.getTaskVertices()[index];
    }

    private ExecutionGraph graph() {
        return (ExecutionGraph) vertex.getGraph();
    }

    private void withCoordinator(ThrowingConsumer<CheckpointCoordinator, Exception> action) throws Exception {
        StandaloneCompletedCheckpointStore store = new StandaloneCompletedCheckpointStore(1);
        store.addCheckpointAndSubsumeOldestOne(checkpoint(), new CheckpointsCleaner(), () -> {});
        CheckpointCoordinator coordinator = new CheckpointCoordinatorBuilder()
                .setCompletedCheckpointStore(store)
                .build(graph());
        try {
            action.accept(coordinator);
        } finally {
            coordinator.shutdown();
        }
    }

    private CompletedCheckpoint checkpoint() {
        return new CompletedCheckpoint(
                new JobID(),
                CHECKPOINT,
                1,
                2,
                states,
                List.of(),
                CheckpointProperties.forCheckpoint(CheckpointRetentionPolicy.NEVER_RETAIN_AFTER_TERMINATION),
                new TestCompletedCheckpointStorageLocation(),
                null);
    }

    private OperatorState state(OperatorID id) {
        OperatorState state = new OperatorState(null, null, id, PARALLELISM, MAX_PARALLELISM);
        states.put(id, state);
        return state;
    }

    private static KeyedStateHandle keyed(int subtask) {
        KeyGroupRange range =
                KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(MAX_PARALLELISM, PARALLELISM, subtask);
        return StateHandleDummyUtil.createNewKeyedStateHandle(range);
    }

    private static OperatorStateHandle list(String name, int subtask, Mode mode, int parts) {
        long[] offsets = new long[parts];
        Arrays.setAll(offsets, part -> 4 * part);
        return new OperatorStreamStateHandle(
                new HashMap<>(Map.of(name, new StateMetaInfo(offsets, mode))), bytes(name + "-" + subtask));
    }

    private static ByteStreamStateHandle bytes(String name) {
        return new ByteStreamStateHandle(name, new byte[16]);
    }
}
