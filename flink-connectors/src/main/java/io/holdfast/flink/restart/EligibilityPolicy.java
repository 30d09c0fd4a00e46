package io.holdfast.flink.restart;

import io.holdfast.flink.config.HoldfastOptions.Guarantee;
import java.util.Optional;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.JobManagerOptions.SchedulerType;
import org.apache.flink.configuration.SchedulerExecutionMode;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobType;
import org.apache.flink.streaming.api.graph.ExecutionPlan;

/** Decides whether a job's tasks may restart one by one. Pure. */
public final class EligibilityPolicy {

    /** The reason that is found out in two places. */
    public static final String UNALIGNED = "unaligned checkpoints are enabled";

    private EligibilityPolicy() {}

    /** Any thread. Why {@code plan} gets stock Flink's scheduler; empty if it gets Holdfast's. */
    public static Optional<String> reasonAgainst(
            ExecutionPlan plan, Configuration configuration, RestartSettings settings) {
        if (settings.guarantee() == Guarantee.REGION) {
            return Optional.of("holdfast.restart.guarantee is region");
        }
        if (plan.getJobType() != JobType.STREAMING) {
            return Optional.of("it is a batch job");
        }
        if (plan.isDynamic()) {
            return Optional.of("its graph changes while it runs");
        }
        if (configuration.getOptional(JobManagerOptions.SCHEDULER).orElse(SchedulerType.Default)
                != SchedulerType.Default) {
            return Optional.of("jobmanager.scheduler is " + configuration.get(JobManagerOptions.SCHEDULER));
        }
        if (configuration.get(JobManagerOptions.SCHEDULER_MODE) == SchedulerExecutionMode.REACTIVE) {
            return Optional.of("scheduler-mode is reactive");
        }
        if (plan.getJobConfiguration().get(StateRecoveryOptions.APPROXIMATE_LOCAL_RECOVERY)) {
            return Optional.of("execution.state-recovery.approximate-local-recovery is set");
        }
        if (unalignedCheckpoints(plan)) {
            return Optional.of(UNALIGNED);
        }
        return Optional.empty();
    }

    /** A stream graph that has come from a client cannot be asked for more than its configuration yet. */
    private static boolean unalignedCheckpoints(ExecutionPlan plan) {
        return plan instanceof JobGraph graph
                ? unalignedCheckpoints(graph)
                : plan.getJobConfiguration().get(CheckpointingOptions.ENABLE_UNALIGNED);
    }

    /** Any thread. Whether {@code graph} lets barriers overtake records. */
    public static boolean unalignedCheckpoints(JobGraph graph) {
        return graph.getCheckpointingSettings() != null
                && graph.getCheckpointingSettings()
                        .getCheckpointCoordinatorConfiguration()
                        .isUnalignedCheckpointsEnabled();
    }

    /** Any thread. Whether tasks of {@code graph} go on reading behind a barrier while they wait for another. */
    public static boolean atLeastOnceCheckpoints(JobGraph graph) {
        return graph.getCheckpointingSettings() != null
                && !graph.getCheckpointingSettings()
                        .getCheckpointCoordinatorConfiguration()
                        .isExactlyOnce();
    }
}
