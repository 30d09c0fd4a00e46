package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tasks are moved of jobs that end, or of which a part has ended. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class EndingJobMovesTest {

    private static final String OUTPUT = "ending";
    private static final int PARALLELISM = 3;
    private static final List<String> STATES =
            List.of("RESERVING", "ARMING", "CHECKPOINTING", "SWITCHING", "COMPLETED");

    /** Whether the sources run to their end as fast as they can. */
    private static volatile boolean ending;

    @RegisterExtension
    final TestCluster cluster =
            new TestCluster(new Configuration().set(JobManagerOptions.SLOT_IDLE_TIMEOUT, Duration.ofMillis(500)), 4);

    @Test
    void tasksAreMovedWhenSomeOfThoseWhoFeedThemHaveEnded() throws Exception {
        StreamExecutionEnvironment env = environment();
        finish(NumbersJob.numbers(env, "short", 0, 300).union(NumbersJob.numbers(env, "long", 300, 15_000)));
        JobMoves moves =
                new JobMoves(cluster, cluster.submit(env.getStreamGraph().getJobGraph()));
        Waiting.until(() -> cluster.tasks(moves.job(), ExecutionState.FINISHED) == PARALLELISM
                && cluster.tasks(moves.job(), ExecutionState.RUNNING) == 3 * PARALLELISM);

        List<ResourceID> used = moves.used();
        for (ResourceID leaving : used) {
            JobMoves.assertHandedOver(moves.ended(moves.start(leaving)));
            assertThat(moves.places().values()).doesNotContain(leaving);
        }
        assertThat(cluster.tasks(moves.job(), ExecutionState.RUNNING)).isEqualTo(3 * PARALLELISM);
        Outcome outcome = cluster.outcome(moves.job());

        assertExact(outcome, 15_300);
        assertThat(outcome.incidents()).hasSize(used.size());
    }

    @Test
    void jobEndsWhileItIsMovedWhereverTheMoveStands() throws Exception {
        for (String state : STATES) {
            for (int i = 0; i < 2; i++) {
                Committing.reset();
                ending = false;
                JobMoves moves = new JobMoves(cluster, cluster.submit(endingGraph(6_000)));
                Waiting.until(() -> cluster.tasks(moves.job(), ExecutionState.RUNNING) == 3 * PARALLELISM
                        && Committing.transactions() > 0);

                String move = moves.start(moves.used().get(i));
                awaitAtLeast(state, moves, move);
                ending = true;
                moves.ended(move);
                Outcome outcome = cluster.outcome(moves.job());

                assertExact(outcome, 6_000);
            }
        }
    }

    private static void awaitAtLeast(String wanted, JobMoves moves, String move) throws Exception {
        String state;
        do {
            state = (String) moves.view(move).get("state");
            assertThat(state).isIn(STATES);
        } while (STATES.indexOf(state) < STATES.indexOf(wanted));
    }

    private static void assertExact(Outcome outcome, int records) {
        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(Committing.committed(OUTPUT)).doesNotHaveDuplicates().hasSize(records);
        assertThat(outcome.fallbacks()).isEmpty();
        assertThat(outcome.incidents()).allMatch(incident -> "move".equals(incident.get("kind")));
        assertThat(outcome.missing()).isZero();
        assertThat(outcome.allClosedAndExact()).as("%s", outcome.ledger()).isTrue();
    }

    private static StreamExecutionEnvironment environment() {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(PARALLELISM);
        env.enableCheckpointing(100);
        return env;
    }

    private static JobGraph endingGraph(long records) {
        StreamExecutionEnvironment env = environment();
        finish(env.fromSource(new NumberSequenceSource(0, records - 1), WatermarkStrategy.noWatermarks(), "source")
                .map(number -> {
                    if (!ending) {
                        LockSupport.parkNanos(2_000_000);
                    }
                    return number + ":";
                })
                .returns(Types.STRING));
        return env.getStreamGraph().getJobGraph();
    }

    private static void finish(DataStream<String> numbers) {
        numbers.keyBy(String::hashCode)
                .transform("map", Types.STRING, new Stage("map"))
                .rebalance()
                .transform("sink", Types.STRING, new Stage("sink"))
                .map(new Committing(OUTPUT))
                .sinkTo(new DiscardingSink<>());
    }
}
