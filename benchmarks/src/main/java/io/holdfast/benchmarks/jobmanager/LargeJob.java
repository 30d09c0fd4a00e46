package io.holdfast.benchmarks.jobmanager;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.OperatorIDPair;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.TaskStateSnapshot;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyGroupRangeOffsets;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle.Mode;
import org.apache.flink.runtime.state.OperatorStateHandle.StateMetaInfo;
import org.apache.flink.runtime.state.OperatorStreamStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * A source, keyed tasks one after the other and a sink, every subtask connected with all of the next, and every one with
 * state.
 *
 * @param vertices at least two
 * @param unionLists whether list state is also kept as a union list and as broadcast state, which go to every subtask
 */
record LargeJob(int vertices, int parallelism, boolean unionLists) {

    private static final int MAX_PARALLELISM = 1_024;
    private static final int KEYS = 100_000;
    private static final int STATE_BYTES = 64;
    private static final Duration NO_CHECKPOINT_BY_ITSELF = Duration.ofDays(10);

    int subtasks() {
        return vertices * parallelism;
    }

    JobGraph graph(Configuration configuration) {
        StreamExecutionEnvironment environment = new StreamExecutionEnvironment(configuration);
        environment.setParallelism(parallelism);
        environment.setMaxParallelism(MAX_PARALLELISM);
        environment.enableCheckpointing(NO_CHECKPOINT_BY_ITSELF.toMillis());
        environment // the time that Flink 2.3 waits with the first checkpoint after a restart
                .getCheckpointConfig()
                .setMinPauseBetweenCheckpoints(NO_CHECKPOINT_BY_ITSELF.toMillis());
        DataStream<Long> stream = environment.fromSequence(0, Long.MAX_VALUE - 1);
        for (int i = 0; i < vertices - 2; i++) {
            stream = stream.keyBy(number -> number % KEYS, Types.LONG)
                    .map(number -> number + 1)
                    .returns(Types.LONG);
        }
        stream.keyBy(number -> number % KEYS, Types.LONG).sinkTo(new DiscardingSink<>());
        return environment.getStreamGraph().getJobGraph(LargeJob.class.getClassLoader());
    }

    /** What one subtask writes into a checkpoint. */
    TaskStateSnapshot state(List<OperatorIDPair> operators, int subtask) {
        TaskStateSnapshot snapshot = new TaskStateSnapshot(operators.size(), false);
        for (OperatorIDPair operator : operators) {
            snapshot.putSubtaskStateByOperatorID(
                    operator.getGeneratedOperatorID(),
                    OperatorSubtaskState.builder()
                            .setManagedKeyedState(keyed(subtask))
                            .setManagedOperatorState(lists(subtask))
                            .build());
        }
        return snapshot;
    }

    /** In the order of the stream. */
    static List<JobVertex> inOrder(JobGraph graph) {
        return graph.getVerticesSortedTopologicallyFromSources();
    }

    private KeyGroupsStateHandle keyed(int subtask) {
        KeyGroupRange range =
                KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(MAX_PARALLELISM, parallelism, subtask);
        return new KeyGroupsStateHandle(new KeyGroupRangeOffsets(range), bytes("keyed-" + subtask));
    }

    private OperatorStreamStateHandle lists(int subtask) {
        Map<String, StateMetaInfo> lists = new HashMap<>();
        lists.put("split", new StateMetaInfo(offsets(2, 0), Mode.SPLIT_DISTRIBUTE));
        if (unionLists) {
            lists.put("union", new StateMetaInfo(offsets(2, 16), Mode.UNION));
            lists.put("broadcast", new StateMetaInfo(offsets(1, 32), Mode.BROADCAST));
        }
        return new OperatorStreamStateHandle(lists, bytes("lists-" + subtask));
    }

    private static long[] offsets(int count, int first) {
        long[] offsets = new long[count];
        Arrays.setAll(offsets, i -> first + 8L * i);
        return offsets;
    }

    private static ByteStreamStateHandle bytes(String name) {
        return new ByteStreamStateHandle(name, new byte[STATE_BYTES]);
    }
}
