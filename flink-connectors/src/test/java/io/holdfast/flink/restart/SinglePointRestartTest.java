package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.entrypoint.HoldfastMiniCluster;
import io.holdfast.flink.restart.NumbersJob.Fault;
import io.holdfast.flink.restart.NumbersJob.Outcome;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole jobs in one JVM that lose tasks. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SinglePointRestartTest {

    private HoldfastMiniCluster cluster;

    @BeforeEach
    void startCluster() throws Exception {
        Configuration configuration = new Configuration();
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(64));
        cluster = new HoldfastMiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(HoldfastMiniCluster.configure(configuration))
                .setNumTaskManagers(2)
                .setNumSlotsPerTaskManager(2)
                .build());
        cluster.start();
    }

    @AfterEach
    void stopCluster() throws Exception {
        cluster.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"source-1", "map-1", "sink-1"})
    void onlyTheFailedTaskRestarts(String task) throws Exception {
        Outcome outcome = new NumbersJob(cluster).failing(task, Fault.RECORD).run();

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        for (String stage : new String[] {"source", "map", "sink"}) {
            for (int subtask = 0; subtask < 3; subtask++) {
                String each = stage + "-" + subtask;
                assertThat(NumbersJob.starts(each)).as(each).isEqualTo(each.equals(task) ? 2 : 1);
            }
        }
        assertExact(outcome);
        assertThat(outcome.incidents()).hasSize(1);
    }

    @Test
    void neighboursThatFailTogetherRestartTogether() throws Exception {
        Outcome outcome = new NumbersJob(cluster)
                .failing("source-0", Fault.RECORD)
                .failing("map-0", Fault.RECORD)
                .failing("sink-0", Fault.RECORD)
                .run();

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(NumbersJob.starts("map-1")).isEqualTo(1);
        assertExact(outcome);
    }

    @Test
    void taskThatFailsWhileItRecoversIsRestartedAgain() throws Exception {
        Outcome outcome =
                new NumbersJob(cluster).failing("map-2", Fault.OPEN_AGAIN).run();

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(NumbersJob.starts("map-2")).isEqualTo(3);
        assertThat(NumbersJob.starts("map-1")).isEqualTo(1);
        assertExact(outcome);
    }

    @Test
    void recordsLargerThanABufferAreNeverHalved() throws Exception {
        Outcome outcome = new NumbersJob(cluster)
                .paddingBytes(100_000)
                .records(1_500)
                .failing("map-0", Fault.RECORD)
                .failing("sink-2", Fault.RECORD)
                .run();

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertExact(outcome);
    }

    @ParameterizedTest
    @ValueSource(strings = {"source-1", "map-1", "sink-1"})
    void taskThatFailsAfterTheEndOfItsDataStillFinishes(String task) throws Exception {
        Outcome outcome =
                new NumbersJob(cluster).failing(task, Fault.LAST_CHECKPOINT).run();

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(NumbersJob.starts(task)).isEqualTo(2);
        assertExact(outcome);
    }

    @ParameterizedTest
    @ValueSource(strings = {"source-1", "map-1", "sink-1"})
    void taskThatFailsWhileItClosesStillFinishes(String task) throws Exception {
        Outcome outcome = new NumbersJob(cluster).failing(task, Fault.CLOSE).run();

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(NumbersJob.starts(task)).isEqualTo(2);
        assertExact(outcome);
    }

    @Test
    void lostTaskManagerTakesOnlyItsOwnTasks() throws Exception {
        NumbersJob numbers = new NumbersJob(cluster).parallelism(2).records(9_000);
        JobID job = numbers.submit();
        Waiting.until(() -> NumbersJob.committedTransactions() > 6);

        cluster.startTaskManager();
        cluster.terminateTaskManager(0).get();
        Outcome outcome = numbers.outcome(job);

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertExact(outcome);
    }

    @Test
    void lostTasksWaitForASlotWhileTheJobRuns() throws Exception {
        NumbersJob numbers = new NumbersJob(cluster).parallelism(4).records(20_000);
        JobID job = numbers.submit();
        Waiting.until(() -> NumbersJob.committedTransactions() > 8);

        cluster.terminateTaskManager(0).get();
        Thread.sleep(1_500); // longer than a restart takes where there is a slot
        assertThat(cluster.getJobStatus(job).get()).isEqualTo(JobStatus.RUNNING);
        cluster.startTaskManager();
        Outcome outcome = numbers.outcome(job);

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertExact(outcome);
    }

    @Test
    void jobWhoseTasksWaitForASlotCanBeCancelled() throws Exception {
        NumbersJob numbers = new NumbersJob(cluster).parallelism(4).records(1_000_000);
        JobID job = numbers.submit();
        Waiting.until(() -> NumbersJob.committedTransactions() > 8);
        cluster.terminateTaskManager(0).get();
        Thread.sleep(1_500); // as above

        cluster.cancelJob(job).get();
        cluster.requestJobResult(job).get();

        assertThat(cluster.getJobStatus(job).get()).isEqualTo(JobStatus.CANCELED);
    }

    @Test
    void jobGoesOnFromTheSavepointItWasStoppedWithAfterALocalRestart(@TempDir Path savepoints) throws Exception {
        NumbersJob numbers =
                new NumbersJob(cluster).failing("map-1", Fault.RECORD).records(20_000);
        JobID first = numbers.submit();
        Waiting.until(() -> NumbersJob.starts("map-1") == 2);
        int committed = NumbersJob.committedTransactions();
        Waiting.until(() -> NumbersJob.committedTransactions() > committed + 3);

        String savepoint = cluster.stopWithSavepoint(
                        first, savepoints.toUri().toString(), false, SavepointFormatType.CANONICAL)
                .get();
        Outcome stopped = numbers.outcome(first);
        Outcome finished = numbers.outcome(numbers.submitFrom(savepoint));

        assertThat(stopped.status()).isEqualTo(JobStatus.FINISHED);
        assertClosed(stopped);
        assertThat(stopped.arrived()).as("stopped in the middle").isPositive();
        assertThat(finished.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(finished.incidents()).isEmpty();
        assertThat(finished.missingNet()).as("%s", stopped.ledger()).isEqualTo(stopped.missingByLedger());
    }

    private static void assertExact(Outcome outcome) {
        assertThat(outcome.missingByLedger()).as("%s", outcome.ledger()).isEqualTo(outcome.missingNet());
        assertClosed(outcome);
    }

    private static void assertClosed(Outcome outcome) {
        assertThat(outcome.fallbacks()).isEmpty();
        assertThat(outcome.incidents()).isNotEmpty().allSatisfy(incident -> {
            assertThat(incident.get("state")).isEqualTo("CLOSED");
            assertThat(incident.get("exact")).isEqualTo(true);
        });
    }
}
