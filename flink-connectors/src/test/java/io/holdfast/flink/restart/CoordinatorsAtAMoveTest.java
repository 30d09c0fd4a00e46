package io.holdfast.flink.restart;

import java.io.Serializable;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.api.connector.source.lib.util.IteratorSourceEnumerator;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Flink tells coordinators of operators that a checkpoint has completed when it has been in the store for a while, and cannot
 * if subtasks are reset before that: "Trying to open gateway for unseen checkpoint".
 */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class CoordinatorsAtAMoveTest {

    private static final int TASKS = 6;

    /** Checkpoints that the enumerator was told of. */
    private static final Set<Long> TOLD = ConcurrentHashMap.newKeySet();

    @RegisterExtension
    final TestCluster cluster = new TestCluster(SlowTraces.configure(new Configuration()), 4);

    @Test
    void coordinatorsAreToldOfTheCheckpointThatTasksAreMovedAt() throws Exception {
        TOLD.clear();
        JobMoves moves = new JobMoves(cluster, cluster.submit(graph()));
        Waiting.until(() -> cluster.tasks(moves.job(), ExecutionState.RUNNING) == TASKS && !TOLD.isEmpty());

        for (int i = 0; i < 3; i++) {
            Map<String, Serializable> move =
                    moves.ended(moves.start(moves.used().get(0)));

            JobMoves.assertHandedOver(move);
            Waiting.until(() -> TOLD.contains(move.get("checkpoint"))); // on the coordinator's own thread
        }
        cluster.miniCluster().cancelJob(moves.job()).get();
    }

    private static JobGraph graph() {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(TASKS / 2);
        env.enableCheckpointing(500);
        env.fromSource(new TellingSource(), WatermarkStrategy.noWatermarks(), "source")
                .map(number -> number + ":")
                .returns(Types.STRING)
                .transform("pace", Types.STRING, new Stage("pace", NumbersJob.PACE_NANOS))
                .rebalance()
                .sinkTo(new DiscardingSink<>());
        return env.getStreamGraph().getJobGraph();
    }

    /** Its enumerator shows what it is told. */
    private static final class TellingSource extends NumberSequenceSource {

        TellingSource() {
            super(0, Long.MAX_VALUE - 1);
        }

        @Override
        public SplitEnumerator<NumberSequenceSplit, Collection<NumberSequenceSplit>> createEnumerator(
                SplitEnumeratorContext<NumberSequenceSplit> context) {
            List<NumberSequenceSplit> splits = splitNumberRange(0, Long.MAX_VALUE - 1, context.currentParallelism());
            return new IteratorSourceEnumerator<>(context, splits) {
                @Override
                public void notifyCheckpointComplete(long checkpoint) {
                    TOLD.add(checkpoint);
                }
            };
        }
    }
}
