package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.handoff.StateServer;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** TaskManagers that keep local state, and do not look at it when they restore. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HandoffWithoutLocalRecoveryTest {

    @TempDir
    static Path directory;

    @RegisterExtension
    final TestCluster cluster =
            new TestCluster(HandoffJobTest.configuration(directory).set(StateRecoveryOptions.LOCAL_RECOVERY, false), 2);

    @Test
    void nothingIsFetchedThatNobodyWouldRead(@TempDir Path checkpoints) throws Exception {
        try (StateServer server = new StateServer(directory)) {
            LargeStateMoves moves = LargeStateMoves.started(cluster, new LargeStateJob("rocksdb", checkpoints), server);

            Map<String, Serializable> move = moves.moved();

            JobMoves.assertHandedOver(move);
            assertThat(LargeStateMoves.fetched(move)).isNotEmpty().containsOnly(0L);
            assertThat(server.requests()).isEmpty();
            moves.assertNothingWasLost();
        }
    }
}
