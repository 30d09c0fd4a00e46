package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.handoff.StateOffer;
import io.holdfast.flink.handoff.StateServer;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ClusterOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.CheckpointType;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.execution.ExecutionState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tasks that are moved have their state from the TaskManager that they leave, if it can be had there. Where the test says so
 * nothing can be read from the checkpoint storage, so a task that runs again has its state from nowhere else.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class HandoffJobTest {

    /** See {@code StateHandoff}: less than this is not fetched. */
    private static final long LEAST_BYTES = 4L << 20;

    /** So long it may take when nothing comes: half of the move's time is not used up. */
    private static final long BOUND_MS = 12_000;

    @TempDir
    static Path directory;

    @RegisterExtension
    final TestCluster cluster = new TestCluster(
            new Configuration()
                    .set(JobManagerOptions.SLOT_IDLE_TIMEOUT, Duration.ofMillis(500))
                    .set(CheckpointingOptions.LOCAL_BACKUP_ENABLED, true)
                    .set(StateRecoveryOptions.LOCAL_RECOVERY, true)
                    .set(ClusterOptions.PROCESS_WORKING_DIR_BASE, directory.toString()),
            2);

    @TempDir
    Path checkpoints;

    private StateServer server;

    @BeforeEach
    void serve() throws IOException {
        server = new StateServer(directory);
        GuardedFileSystem.readable(true);
    }

    @AfterEach
    void stop() {
        server.close();
        GuardedFileSystem.readable(true);
    }

    /** The second move and those after it are of two slots of one TaskManager. */
    @ParameterizedTest
    @ValueSource(strings = {"rocksdb", "hashmap"})
    void stateComesFromTheTaskManagerThatIsLeft(String backend) throws Exception {
        JobMoves moves = started(new LargeStateJob(backend, checkpoints));
        GuardedFileSystem.readable(false);

        for (int i = 0; i < 4; i++) {
            List<ResourceID> used = moves.used();
            Map<String, Serializable> move = moved(moves);

            JobMoves.assertHandedOver(move);
            assertThat(fetched(move))
                    .hasSize(i == 0 && used.size() == 2 ? 1 : 2)
                    .allSatisfy(bytes -> assertThat(bytes).isGreaterThan(LEAST_BYTES));
            assertThat(moves.used()).hasSize(1).doesNotContain(used.get(0));
        }
        assertNothingWasLost(finished(moves));
    }

    /** What is new is fetched while the tasks stand still: little, as RocksDB's files stay the same. */
    @Test
    void whatWasFetchedAheadIsNotFetchedAgain() throws Exception {
        JobMoves moves = started(new LargeStateJob("rocksdb", checkpoints));

        Map<String, Serializable> move = moved(moves);

        assertThat(fetched(move)).allSatisfy(bytes -> assertThat(bytes).isBetween(LEAST_BYTES, 3 * LEAST_BYTES));
        assertThat(server.requests().stream().filter(request -> request.endsWith(".sst")))
                .doesNotHaveDuplicates();
        assertNothingWasLost(finished(moves));
    }

    /** What a server may do. */
    enum Trouble {
        DIES_AHEAD(server -> server.dieAfter(3 << 20)),
        DIES_WHILE_TASKS_STAND(StateServer::dieAtSecondCheckpoint),
        HANGS_AHEAD(StateServer::hang),
        HANGS_WHILE_TASKS_STAND(StateServer::hangAtSecondCheckpoint),
        DAMAGES(server -> server.damage(1_000)),
        REFUSES(server -> server.answer(401)),
        HAS_NOTHING(server -> server.answer(404)),
        FAILS(server -> server.answer(500)),
        IS_GONE(StateServer::close);

        private final Consumer<StateServer> begin;

        Trouble(Consumer<StateServer> begin) {
            this.begin = begin;
        }
    }

    @ParameterizedTest
    @EnumSource
    void stateThatCannotBeFetchedComesFromTheCheckpointStorage(Trouble trouble) throws Exception {
        JobMoves moves = started(new LargeStateJob("rocksdb", checkpoints));
        trouble.begin.accept(server);
        long before = System.nanoTime();

        Map<String, Serializable> move = moved(moves);

        JobMoves.assertHandedOver(move);
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before)).isLessThan(BOUND_MS);
        assertNothingWasLost(finished(moves));
    }

    @Test
    void moveThatIsCancelledWhileStateIsFetchedIsNoHindranceToTheNext() throws Exception {
        JobMoves moves = started(new LargeStateJob("rocksdb", checkpoints));
        server.hang();
        String first = moves.start(moves.used().get(0), server.offer());
        Waiting.until(() -> !server.requests().isEmpty());

        moves.cancel(first);

        assertThat(moves.view(first)).containsEntry("state", "CANCELLED");
        server.recover();
        GuardedFileSystem.readable(false);
        Map<String, Serializable> second = moved(moves);
        JobMoves.assertHandedOver(second);
        assertThat(fetched(second)).allSatisfy(bytes -> assertThat(bytes).isGreaterThan(LEAST_BYTES));
        assertNothingWasLost(finished(moves));
    }

    @Test
    void jobThatDoesNotWantItReadsFromTheCheckpointStorage() throws Exception {
        LargeStateJob job = new LargeStateJob("rocksdb", checkpoints);
        job.configuration().set(HoldfastOptions.MOVE_STATE_HANDOFF, false);
        JobMoves moves = started(job);

        Map<String, Serializable> move = moved(moves);

        JobMoves.assertHandedOver(move);
        assertThat(fetched(move)).containsOnly(0L);
        assertThat(server.requests()).isEmpty();
        assertNothingWasLost(finished(moves));
    }

    @Test
    void littleStateIsNotWorthIt() throws Exception {
        JobMoves moves = new JobMoves(cluster, cluster.submit(JobShape.ROCKSDB.graph()));
        Waiting.until(() -> moves.used().size() > 0 && Committing.transactions() > 0);

        Map<String, Serializable> move = moved(moves);

        JobMoves.assertHandedOver(move);
        assertThat(server.requests()).isEmpty();
        cluster.miniCluster().cancelJob(moves.job()).get();
    }

    @Test
    void tokenIsShownToNobody() throws Exception {
        JobMoves moves = started(new LargeStateJob("rocksdb", checkpoints));
        StateOffer offer = server.offer();

        Map<String, Serializable> move = moved(moves);

        assertThat(move.toString())
                .doesNotContain(offer.token())
                .doesNotContain(offer.url().toString());
        assertNothingWasLost(finished(moves));
    }

    // ------------------------------------------------------------------

    private JobMoves started(LargeStateJob job) throws Exception {
        JobMoves moves = new JobMoves(cluster, cluster.submit(job.graph()));
        Waiting.until(() ->
                cluster.tasks(moves.job(), ExecutionState.RUNNING) == LargeStateJob.TASKS && LargeStateJob.isLoaded());
        cluster.miniCluster()
                .triggerCheckpoint(moves.job(), CheckpointType.CONFIGURED)
                .get();
        return moves;
    }

    private Map<String, Serializable> moved(JobMoves moves) throws Exception {
        return moves.ended(moves.start(moves.used().get(0), server.offer()));
    }

    /** What was fetched of the state of each keeper that was moved. */
    @SuppressWarnings("unchecked") // views are made of lists of maps with texts as keys
    private static List<Long> fetched(Map<String, Serializable> move) {
        return ((List<Map<String, Serializable>>) move.get("subtasks"))
                .stream()
                        .filter(subtask -> ((String) subtask.get("vertexName")).contains(LargeStateJob.KEEPER))
                        .map(subtask -> (Long) subtask.get("handoffBytes"))
                        .toList();
    }

    private Outcome finished(JobMoves moves) throws Exception {
        LargeStateJob.finish();
        return cluster.outcome(moves.job());
    }

    private static void assertNothingWasLost(Outcome outcome) {
        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(LargeStateJob.missing()).isZero();
        assertThat(outcome.fallbacks()).isEmpty();
        assertThat(outcome.incidents()).isNotEmpty().allMatch(incident -> "move".equals(incident.get("kind")));
        assertThat(outcome.missing()).isZero();
        assertThat(outcome.allClosedAndExact()).as("%s", outcome.ledger()).isTrue();
    }
}
