package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.config.HoldfastOptions.Guarantee;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.JobManagerOptions.SchedulerType;
import org.apache.flink.configuration.SchedulerExecutionMode;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.runtime.checkpoint.CheckpointProperties;
import org.apache.flink.runtime.checkpoint.CheckpointRetentionPolicy;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.FinishedOperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.StateHandleDummyUtil;
import org.apache.flink.runtime.checkpoint.StateObjectCollection;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobGraphBuilder;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.jobgraph.tasks.CheckpointCoordinatorConfiguration.CheckpointCoordinatorConfigurationBuilder;
import org.apache.flink.runtime.jobgraph.tasks.JobCheckpointingSettings;
import org.apache.flink.runtime.state.testutils.TestCompletedCheckpointStorageLocation;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.graph.ExecutionPlan;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EligibilityPolicyTest {

    private final Configuration cluster = new Configuration();
    private final Configuration job = new Configuration();

    @Test
    void streamingJobRestartsTaskByTask() {
        assertEligible(streaming());
    }

    @Test
    void schedulerThatIsNamedAndIsTheDefaultOneIsFine() {
        cluster.set(JobManagerOptions.SCHEDULER, SchedulerType.Default);

        assertEligible(streaming());
    }

    @Test
    void jobThatAskedForRegionRestartGetsIt() {
        job.set(HoldfastOptions.RESTART_GUARANTEE, Guarantee.REGION);

        assertRefused(streaming(), "holdfast.restart.guarantee is region");
    }

    @Test
    void wordOfTheJobIsStrongerThanThatOfTheCluster() {
        cluster.set(HoldfastOptions.RESTART_GUARANTEE, Guarantee.REGION);
        job.set(HoldfastOptions.RESTART_GUARANTEE, Guarantee.AT_MOST_ONCE);

        assertEligible(streaming());
    }

    @Test
    void batchJobIsRefused() {
        assertRefused(JobGraphBuilder.newBatchJobGraphBuilder().build(), "it is a batch job");
    }

    @Test
    void jobWhoseGraphChangesWhileItRunsIsRefused() {
        JobGraph graph = streaming();
        graph.setDynamic(true);

        assertRefused(graph, "its graph changes while it runs");
    }

    @ParameterizedTest
    @EnumSource(value = SchedulerType.class, mode = EnumSource.Mode.EXCLUDE, names = "Default")
    void otherSchedulerIsRefusedByName(SchedulerType scheduler) {
        cluster.set(JobManagerOptions.SCHEDULER, scheduler);

        assertRefused(streaming(), "jobmanager.scheduler is " + scheduler);
    }

    @Test
    void reactiveModeIsRefused() {
        cluster.set(JobManagerOptions.SCHEDULER_MODE, SchedulerExecutionMode.REACTIVE);

        assertRefused(streaming(), "scheduler-mode is reactive");
    }

    @Test
    void approximateLocalRecoveryIsRefused() {
        job.set(StateRecoveryOptions.APPROXIMATE_LOCAL_RECOVERY, true);

        assertRefused(streaming(), "execution.state-recovery.approximate-local-recovery is set");
    }

    @Test
    void jobGraphWithUnalignedCheckpointsIsRefused() {
        assertRefused(checkpointed(checkpoints(true)), EligibilityPolicy.UNALIGNED);
    }

    @Test
    void jobGraphWithAlignedCheckpointsIsFine() {
        assertEligible(checkpointed(checkpoints(false)));
    }

    @Test
    void streamGraphWithUnalignedCheckpointsIsRefused() {
        assertRefused(streamGraph(true), EligibilityPolicy.UNALIGNED);
    }

    @Test
    void streamGraphWithAlignedCheckpointsIsFine() {
        assertEligible(streamGraph(false));
    }

    @Test
    void schedulerRefusesTheUnalignedCheckpointsThatAStreamGraphDidNotTell() {
        assertThat(EligibilityPolicy.reasonAgainst(checkpointed(checkpoints(true)), null))
                .contains(EligibilityPolicy.UNALIGNED);
    }

    @Test
    void jobThatBeginsWithoutACheckpointIsFine() {
        assertThat(EligibilityPolicy.reasonAgainst(streaming(), null)).isEmpty();
    }

    @Test
    void jobThatBeginsWithAnAlignedCheckpointIsFine() {
        CompletedCheckpoint aligned =
                checkpointOf(OperatorSubtaskState.builder().build(), FinishedOperatorSubtaskState.INSTANCE);

        assertThat(EligibilityPolicy.reasonAgainst(streaming(), aligned)).isEmpty();
    }

    @Test
    void jobThatBeginsWithRecordsOfAnInputChannelIsRefused() {
        CompletedCheckpoint unaligned = checkpointOf(
                OperatorSubtaskState.builder().build(),
                OperatorSubtaskState.builder()
                        .setInputChannelState(StateObjectCollection.singleton(
                                StateHandleDummyUtil.createNewInputChannelStateHandle(1, new Random(0))))
                        .build());

        assertThat(EligibilityPolicy.reasonAgainst(streaming(), unaligned)).contains(EligibilityPolicy.IN_FLIGHT_DATA);
    }

    @Test
    void jobThatBeginsWithRecordsOfAnOutputIsRefused() {
        CompletedCheckpoint unaligned = checkpointOf(OperatorSubtaskState.builder()
                .setResultSubpartitionState(StateObjectCollection.singleton(
                        StateHandleDummyUtil.createNewResultSubpartitionStateHandle(1, new Random(0))))
                .build());

        assertThat(EligibilityPolicy.reasonAgainst(streaming(), unaligned)).contains(EligibilityPolicy.IN_FLIGHT_DATA);
    }

    @Test
    void tasksDoNotRestartAloneWhileTheJobStops() {
        assertThat(EligibilityPolicy.reasonAgainstNow(true)).contains(EligibilityPolicy.STOPPING);
        assertThat(EligibilityPolicy.reasonAgainstNow(false)).isEmpty();
    }

    @Test
    void countIsAnUpperBoundWhereCheckpointsAreAtLeastOnce() {
        JobGraph atLeastOnce = checkpointed(new JobCheckpointingSettings(
                new CheckpointCoordinatorConfigurationBuilder()
                        .setExactlyOnce(false)
                        .build(),
                null));

        assertThat(EligibilityPolicy.reasonToCountAtMost(atLeastOnce)).contains(EligibilityPolicy.AT_LEAST_ONCE);
    }

    @Test
    void countIsExactWhereCheckpointsAreExactlyOnceOrNone() {
        assertThat(EligibilityPolicy.reasonToCountAtMost(checkpointed(checkpoints(false))))
                .isEmpty();
        assertThat(EligibilityPolicy.reasonToCountAtMost(streaming())).isEmpty();
    }

    private void assertEligible(ExecutionPlan plan) {
        assertThat(EligibilityPolicy.reasonAgainst(plan, cluster, RestartSettings.of(cluster, job)))
                .isEmpty();
    }

    private void assertRefused(ExecutionPlan plan, String reason) {
        assertThat(EligibilityPolicy.reasonAgainst(plan, cluster, RestartSettings.of(cluster, job)))
                .contains(reason);
    }

    private JobGraph streaming() {
        return JobGraphBuilder.newStreamingJobGraphBuilder()
                .setJobConfiguration(job)
                .build();
    }

    private static JobGraph checkpointed(JobCheckpointingSettings settings) {
        return JobGraphBuilder.newStreamingJobGraphBuilder()
                .setJobCheckpointingSettings(settings)
                .build();
    }

    private static CompletedCheckpoint checkpointOf(OperatorSubtaskState... subtasks) {
        OperatorState state = new OperatorState(null, null, new OperatorID(), subtasks.length, 128);
        for (int i = 0; i < subtasks.length; i++) {
            state.putState(i, subtasks[i]);
        }
        return new CompletedCheckpoint(
                new JobID(),
                1,
                1,
                2,
                Map.of(state.getOperatorID(), state),
                List.of(),
                CheckpointProperties.forCheckpoint(CheckpointRetentionPolicy.NEVER_RETAIN_AFTER_TERMINATION),
                new TestCompletedCheckpointStorageLocation(),
                null);
    }

    private static JobCheckpointingSettings checkpoints(boolean unaligned) {
        return new JobCheckpointingSettings(
                new CheckpointCoordinatorConfigurationBuilder()
                        .setUnalignedCheckpointsEnabled(unaligned)
                        .build(),
                null);
    }

    private static StreamGraph streamGraph(boolean unaligned) {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(new Configuration());
        env.enableCheckpointing(1_000);
        env.getCheckpointConfig().enableUnalignedCheckpoints(unaligned);
        env.fromData(1, 2, 3).sinkTo(new DiscardingSink<>());
        return env.getStreamGraph();
    }
}
