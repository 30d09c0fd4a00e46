package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.handoff.StateServer;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ClusterOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
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
    final TestCluster cluster =
            new TestCluster(configuration(directory).set(StateRecoveryOptions.LOCAL_RECOVERY, true), 2);

    @TempDir
    Path checkpoints;

    private StateServer server;

    /** Of a cluster whose TaskManagers keep local state below {@code directory}. */
    static Configuration configuration(Path directory) {
        return new Configuration()
                .set(JobManagerOptions.SLOT_IDLE_TIMEOUT, Duration.ofMillis(500))
                .set(CheckpointingOptions.LOCAL_BACKUP_ENABLED, true)
                .set(ClusterOptions.PROCESS_WORKING_DIR_BASE, directory.toString());
    }

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
        LargeStateMoves moves = started(new LargeStateJob(backend, checkpoints));
        GuardedFileSystem.readable(false);
        server.takeAway();

        for (int i = 0; i < 4; i++) {
            List<ResourceID> used = moves.moves().used();
            Map<String, Serializable> move = moves.moved();

            JobMoves.assertHandedOver(move);
            assertThat(LargeStateMoves.fetched(move))
                    .hasSize(i == 0 && used.size() == 2 ? 1 : 2)
                    .allSatisfy(bytes -> assertThat(bytes).isGreaterThan(LEAST_BYTES));
            assertThat(moves.moves().used()).hasSize(1).doesNotContain(used.get(0));
        }
        moves.assertNothingWasLost();
    }

    /** What is new is fetched while the tasks stand still: little, as RocksDB's files stay the same. */
    @Test
    void whatWasFetchedAheadIsNotFetchedAgain() throws Exception {
        LargeStateMoves moves = started(new LargeStateJob("rocksdb", checkpoints).checkpointOnRequest());

        Map<String, Serializable> move = moves.moved();

        JobMoves.assertHandedOver(move);
        assertThat(LargeStateMoves.fetched(move)).isNotEmpty().allMatch(bytes -> bytes > LEAST_BYTES);
        assertThat(server.requests().stream()
                        .filter(request -> request.contains(".sst"))
                        .map(request -> request.replaceFirst("/\\d+/files/.*/", " "))) // of whichever checkpoint
                .isNotEmpty()
                .doesNotHaveDuplicates();
        assertThat(move.toString())
                .as("what REST shows")
                .doesNotContain(server.offer().token());
        moves.assertNothingWasLost();
    }

    /** What a server may do. */
    enum Trouble {
        DIES_AHEAD(server -> server.dieAfter(3 << 20), false),
        DIES_WHILE_TASKS_STAND(StateServer::dieAtSecondCheckpoint, true),
        HANGS_AHEAD(StateServer::hang, false),
        HANGS_WHILE_TASKS_STAND(StateServer::hangAtSecondCheckpoint, true),
        DAMAGES(server -> server.damage(1_000), false),
        REFUSES(server -> server.answer(401), false),
        HAS_NOTHING(server -> server.answer(404), false),
        IS_GONE(StateServer::close, false);

        private final Consumer<StateServer> begin;
        private final boolean late;

        Trouble(Consumer<StateServer> begin, boolean late) {
            this.begin = begin;
            this.late = late;
        }
    }

    @ParameterizedTest
    @EnumSource
    void stateThatCannotBeFetchedComesFromTheCheckpointStorage(Trouble trouble) throws Exception {
        LargeStateMoves moves = started(new LargeStateJob("rocksdb", checkpoints).checkpointOnRequest());
        trouble.begin.accept(server);
        long before = System.nanoTime();

        Map<String, Serializable> move = moves.moved();

        JobMoves.assertHandedOver(move);
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before)).isLessThan(BOUND_MS);
        if (trouble.late) {
            assertThat(LargeStateMoves.fetched(move)).as("fetched ahead").allMatch(bytes -> bytes > LEAST_BYTES);
        }
        moves.assertNothingWasLost();
    }

    @Test
    void moveThatIsCancelledWhileStateIsFetchedIsNoHindranceToTheNext() throws Exception {
        LargeStateMoves moves = started(new LargeStateJob("rocksdb", checkpoints));
        server.hang();
        String first = moves.start();
        Waiting.until(() -> !server.requests().isEmpty());

        moves.moves().cancel(first);

        assertThat(moves.moves().view(first)).containsEntry("state", "CANCELLED");
        server.recover();
        GuardedFileSystem.readable(false);
        Map<String, Serializable> second = moves.moved();
        JobMoves.assertHandedOver(second);
        assertThat(LargeStateMoves.fetched(second))
                .allSatisfy(bytes -> assertThat(bytes).isGreaterThan(LEAST_BYTES));
        moves.assertNothingWasLost();
    }

    @Test
    void jobThatDoesNotWantItReadsFromTheCheckpointStorage() throws Exception {
        LargeStateJob job = new LargeStateJob("rocksdb", checkpoints);
        job.configuration().set(HoldfastOptions.MOVE_STATE_HANDOFF, false);
        LargeStateMoves moves = started(job);

        Map<String, Serializable> move = moves.moved();

        JobMoves.assertHandedOver(move);
        assertThat(LargeStateMoves.fetched(move)).containsOnly(0L);
        assertThat(server.requests()).isEmpty();
        moves.assertNothingWasLost();
    }

    @Test
    void littleStateIsNotWorthIt() throws Exception {
        LargeStateMoves moves = started(new LargeStateJob("rocksdb", checkpoints).little());

        Map<String, Serializable> move = moves.moved();

        JobMoves.assertHandedOver(move);
        assertThat(LargeStateMoves.fetched(move)).containsOnly(0L);
        assertThat(server.requests()).isEmpty();
        moves.assertNothingWasLost();
    }

    private LargeStateMoves started(LargeStateJob job) throws Exception {
        return LargeStateMoves.started(cluster, job, server);
    }
}
