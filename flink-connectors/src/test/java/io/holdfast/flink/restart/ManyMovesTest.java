package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.core.execution.CheckpointType;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.execution.ExecutionState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A job is moved for as long as it lives, and whoever restores it later cannot tell. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ManyMovesTest {

    private static final int MOVES = 50;
    private static final int TASKS = 3 * GaplessJob.PARALLELISM;

    @RegisterExtension
    final TestCluster cluster =
            new TestCluster(new Configuration().set(JobManagerOptions.SLOT_IDLE_TIMEOUT, Duration.ofMillis(500)), 4);

    private final Random random = new Random(7);

    @Test
    void fiftyMovesAndARestoreAfterThemLoseRepeatAndReorderNothing(@TempDir Path checkpoints) throws Exception {
        GaplessJob job = new GaplessJob(checkpoints);
        JobMoves moves = started(cluster.submit(job.graph()));

        for (int i = 0; i < MOVES; i++) {
            List<ResourceID> used = moves.used();
            Map<String, Serializable> move = moves.ended(moves.start(used.get(random.nextInt(used.size()))));
            JobMoves.assertHandedOver(move);
        }
        Outcome outcome = checkpointedAndCancelled(moves);
        Map<String, List<Long>> afterMoves = GaplessJob.committed();
        JobMoves again = started(cluster.submit(
                job.graph(),
                newest(checkpoints.resolve(moves.job().toHexString())).toUri().toString()));
        Waiting.until(() -> GaplessJob.committed().entrySet().stream()
                .allMatch(stream -> stream.getValue().size()
                        > afterMoves.get(stream.getKey()).size()));
        checkpointedAndCancelled(again);

        assertThat(GaplessJob.breaks()).isEmpty();
        assertThat(GaplessJob.committed())
                .hasSize(GaplessJob.streams())
                .allSatisfy((stream, counts) -> assertThat(GaplessJob.isWhole(counts))
                        .as("committed of %s: each once, up to %d", stream, counts.size())
                        .isTrue());
        assertThat(outcome.incidents()).hasSize(MOVES).allMatch(incident -> "move".equals(incident.get("kind")));
        assertThat(outcome.fallbacks()).isEmpty();
        assertThat(outcome.missing()).isZero();
        assertThat(outcome.allClosedAndExact()).as("%s", outcome.ledger()).isTrue();
    }

    private JobMoves started(JobID id) {
        Waiting.until(() -> cluster.tasks(id, ExecutionState.RUNNING) == TASKS);
        return new JobMoves(cluster, id);
    }

    private Outcome checkpointedAndCancelled(JobMoves moves) throws Exception {
        while (!takesCheckpoint(moves.job())) {
            Waiting.pause(); // one that is taken at once after a move may be declined
        }
        cluster.miniCluster().cancelJob(moves.job()).get();
        Outcome outcome = cluster.outcome(moves.job());
        assertThat(outcome.status()).isEqualTo(JobStatus.CANCELED);
        return outcome;
    }

    private boolean takesCheckpoint(JobID job) throws Exception {
        return cluster.miniCluster()
                .triggerCheckpoint(job, CheckpointType.CONFIGURED)
                .handle((id, failure) -> failure == null)
                .get();
    }

    private static Path newest(Path checkpoints) throws IOException {
        try (Stream<Path> all = Files.list(checkpoints)) {
            return all.filter(each -> Files.exists(each.resolve("_metadata")))
                    .max(Comparator.comparing(
                            each -> Long.valueOf(each.getFileName().toString().substring("chk-".length()))))
                    .orElseThrow();
        }
    }
}
