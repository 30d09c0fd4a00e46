package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.flink.restart.FaultPoint.Fault;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.runtime.execution.ExecutionState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole jobs in one JVM that lose tasks. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SinglePointRestartTest {

    @RegisterExtension
    final TestCluster cluster = new TestCluster();

    @ParameterizedTest
    @ValueSource(strings = {"source-1", "map-1", "sink-1"})
    void onlyTheFailedTaskRestarts(String task) throws Exception {
        NumbersJob numbers = new NumbersJob();
        FaultPoint.fail(task, Fault.RECORD);

        Outcome outcome = cluster.run(numbers.graph());

        assertThat(FaultPoint.restarted()).containsExactly(task);
        assertThat(FaultPoint.starts(task)).isEqualTo(2);
        assertExact(numbers, outcome);
        assertThat(outcome.incidents()).hasSize(1);
    }

    @Test
    void neighboursThatFailTogetherRestartTogether() throws Exception {
        NumbersJob numbers = new NumbersJob();
        FaultPoint.fail("source-0", Fault.RECORD);
        FaultPoint.fail("map-0", Fault.RECORD);
        FaultPoint.fail("sink-0", Fault.RECORD);

        Outcome outcome = cluster.run(numbers.graph());

        assertThat(FaultPoint.restarted()).containsExactly("map-0", "sink-0", "source-0");
        assertExact(numbers, outcome);
    }

    @Test
    void taskThatFailsWhileItRecoversIsRestartedAgain() throws Exception {
        NumbersJob numbers = new NumbersJob();
        FaultPoint.fail("map-2", Fault.OPEN_AGAIN);

        Outcome outcome = cluster.run(numbers.graph());

        assertThat(FaultPoint.restarted()).containsExactly("map-2");
        assertThat(FaultPoint.starts("map-2")).isEqualTo(3);
        assertExact(numbers, outcome);
    }

    @Test
    void sourceThatIsLostWhileItsCoordinatorTakesACheckpointRestartsAlone() throws Exception {
        GatedSource.close();
        JobID job = cluster.submit(JobShape.GATED_SOURCE.graph());
        GatedSource.awaitSnapshot();

        FaultPoint.fail("source-1", Fault.RECORD);
        Waiting.until(() -> FaultPoint.starts("source-1") == 2);
        GatedSource.open();
        Outcome outcome = cluster.outcome(job);

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(FaultPoint.restarted()).containsExactly("source-1");
        assertThat(JobShape.RECORDS - Committing.committed(JobShape.OUTPUT).size())
                .isEqualTo(outcome.missing());
        assertLocal(outcome);
    }

    @Test
    void recordsLargerThanABufferAreNeverHalved() throws Exception {
        NumbersJob numbers = new NumbersJob().paddingBytes(100_000).records(1_500);
        FaultPoint.fail("map-0", Fault.RECORD);
        FaultPoint.fail("sink-2", Fault.RECORD);

        assertExact(numbers, cluster.run(numbers.graph()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"source-1", "map-1", "sink-1"})
    void taskThatFailsAfterTheEndOfItsDataStillFinishes(String task) throws Exception {
        NumbersJob numbers = new NumbersJob();
        FaultPoint.fail(task, Fault.LAST_CHECKPOINT);

        Outcome outcome = cluster.run(numbers.graph());

        assertThat(FaultPoint.restarted()).containsExactly(task);
        assertExact(numbers, outcome);
    }

    @ParameterizedTest
    @ValueSource(strings = {"source-1", "map-1", "sink-1"})
    void taskThatFailsWhileItClosesStillFinishes(String task) throws Exception {
        NumbersJob numbers = new NumbersJob();
        FaultPoint.fail(task, Fault.CLOSE);

        Outcome outcome = cluster.run(numbers.graph());

        assertThat(FaultPoint.restarted()).containsExactly(task);
        assertExact(numbers, outcome);
    }

    @Test
    void lostTaskManagerTakesOnlyItsOwnTasks() throws Exception {
        NumbersJob numbers = new NumbersJob().records(9_000); // three slots: some on each TaskManager
        JobID job = cluster.submit(numbers.graph());
        Waiting.until(() -> Committing.transactions() > 6);

        cluster.miniCluster().startTaskManager();
        cluster.miniCluster().terminateTaskManager(0).get();

        assertExact(numbers, cluster.outcome(job));
    }

    @Test
    void lostTasksWaitForASlotWhileTheJobRuns() throws Exception {
        NumbersJob numbers = new NumbersJob().parallelism(4).records(20_000);
        JobID job = cluster.submit(numbers.graph());
        Waiting.until(() -> Committing.transactions() > 8);

        cluster.miniCluster().terminateTaskManager(0).get();
        awaitNoSlot(job);
        assertThat(cluster.miniCluster().getJobStatus(job).get()).isEqualTo(JobStatus.RUNNING);
        cluster.miniCluster().startTaskManager();

        assertExact(numbers, cluster.outcome(job));
    }

    @Test
    void jobWhoseTasksWaitForASlotCanBeCancelled() throws Exception {
        JobID job = cluster.submit(
                new NumbersJob().parallelism(4).records(1_000_000).graph());
        Waiting.until(() -> Committing.transactions() > 8);
        cluster.miniCluster().terminateTaskManager(0).get();
        awaitNoSlot(job);

        cluster.miniCluster().cancelJob(job).get();

        assertThat(cluster.outcome(job).status()).isEqualTo(JobStatus.CANCELED);
    }

    @Test
    void stopWithSavepointIsRefusedWhileATaskWaitsForItsRestart(@TempDir Path savepoints) throws Exception {
        NumbersJob numbers = new NumbersJob().parallelism(4).records(20_000);
        JobID job = cluster.submit(numbers.graph());
        Waiting.until(() -> Committing.transactions() > 8);
        cluster.miniCluster().terminateTaskManager(0).get();
        awaitNoSlot(job);

        assertThatThrownBy(
                        () -> cluster.stopWithSavepoint(job, savepoints.toUri().toString()))
                .hasStackTraceContaining("Not all required tasks are currently running");
        cluster.miniCluster().startTaskManager();

        assertExact(numbers, cluster.outcome(job));
    }

    @Test
    void taskThatFailsDuringStopWithSavepointRestartsTheRegion(@TempDir Path savepoints) throws Exception {
        JobID job = cluster.submit(new NumbersJob().withoutCheckpoints().graph()); // so the savepoint is the only one
        Waiting.until(() -> cluster.tasks(job, ExecutionState.RUNNING) == 9); // all of them
        FaultPoint.fail("map-1", Fault.SNAPSHOT);

        assertThatThrownBy(
                        () -> cluster.stopWithSavepoint(job, savepoints.toUri().toString()))
                .isNotNull();
        Outcome outcome = cluster.outcome(job);

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(outcome.fallbacks()).containsExactly("a stop-with-savepoint was under way");
        assertThat(outcome.missing()).isZero();
    }

    @Test
    void jobGoesOnFromTheSavepointItWasStoppedWithAfterALocalRestart(@TempDir Path savepoints) throws Exception {
        NumbersJob numbers = new NumbersJob().records(20_000);
        FaultPoint.fail("map-1", Fault.RECORD);
        JobID first = cluster.submit(numbers.graph());
        Waiting.until(() -> FaultPoint.starts("map-1") == 2);
        int committed = Committing.transactions();
        Waiting.until(() -> Committing.transactions() > committed + 3);

        String savepoint = cluster.stopWithSavepoint(first, savepoints.toUri().toString());
        Outcome stopped = cluster.outcome(first);
        assertThat(numbers.missing()).as("stopped in the middle").isPositive();
        Outcome finished = cluster.outcome(cluster.submit(numbers.graph(), savepoint));

        assertThat(stopped.status()).isEqualTo(JobStatus.FINISHED);
        assertLocal(stopped);
        assertThat(finished.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(finished.incidents()).isEmpty();
        assertThat(numbers.missing()).as("%s", stopped.ledger()).isEqualTo(stopped.missing());
    }

    @Test
    void jobsOfOneClusterDoNotConcernEachOther() throws Exception {
        NumbersJob hit = new NumbersJob("hit.").parallelism(2);
        NumbersJob spared = new NumbersJob("spared.").parallelism(2);
        FaultPoint.fail("hit.map-1", Fault.RECORD);

        JobID first = cluster.submit(hit.graph());
        JobID second = cluster.submit(spared.graph());
        Outcome ofHit = cluster.outcome(first);
        Outcome ofSpared = cluster.outcome(second);

        assertThat(FaultPoint.restarted()).containsExactly("hit.map-1");
        assertExact(hit, ofHit);
        assertThat(ofSpared.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(ofSpared.incidents()).isEmpty();
        assertThat(spared.missing()).isZero();
    }

    @Test
    void countIsAnUpperBoundWithAtLeastOnceCheckpoints() throws Exception {
        NumbersJob numbers = new NumbersJob().checkpointingMode(CheckpointingMode.AT_LEAST_ONCE);
        FaultPoint.fail("map-1", Fault.RECORD);

        Outcome outcome = cluster.run(numbers.graph());

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(FaultPoint.restarted()).containsExactly("map-1");
        assertThat(outcome.incidents())
                .hasSize(1)
                .allSatisfy(incident -> assertThat(incident.get("exact")).isEqualTo(false));
        assertThat(numbers.missing()).isLessThanOrEqualTo(outcome.missing());
    }

    @Test
    void fallbackOfOnePipelineDoesNotConcernTheOther() throws Exception {
        FaultPoint.fail("map-1", Fault.RECORD); // restarts alone, after a delay in which the other pipeline falls back
        FaultPoint.fail("writer-1", Fault.RECORD);

        Outcome outcome = cluster.run(JobShape.TWO_PIPELINES.graph(Map.of("holdfast.restart.delay", "500 ms")));

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(outcome.fallbacks()).hasSize(1);
        assertThat(FaultPoint.starts("map-1")).isEqualTo(2);
        assertThat(FaultPoint.starts("map-0")).isEqualTo(1);
        assertThat(FaultPoint.starts("writer-0")).isEqualTo(2);
        assertThat(outcome.allClosedAndExact()).as("%s", outcome.ledger()).isTrue();
        assertThat(JobShape.RECORDS - Committing.committed(JobShape.OUTPUT).size())
                .isEqualTo(outcome.missing());
        assertThat(Committing.committed("other")).hasSize((int) JobShape.RECORDS);
    }

    /** The slot pool has been asked in vain: the job waits for a slot that does not come. */
    private void awaitNoSlot(JobID job) {
        Waiting.until(() -> {
            long starting =
                    cluster.tasks(job, ExecutionState.DEPLOYING) + cluster.tasks(job, ExecutionState.INITIALIZING);
            return cluster.tasks(job, ExecutionState.SCHEDULED) > 0 && starting == 0;
        });
    }

    private static void assertExact(NumbersJob numbers, Outcome outcome) {
        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(outcome.missing()).as("%s", outcome.ledger()).isEqualTo(numbers.missing());
        assertLocal(outcome);
    }

    private static void assertLocal(Outcome outcome) {
        assertThat(outcome.fallbacks()).isEmpty();
        assertThat(outcome.incidents()).isNotEmpty();
        assertThat(outcome.allClosedAndExact()).as("%s", outcome.ledger()).isTrue();
    }
}
