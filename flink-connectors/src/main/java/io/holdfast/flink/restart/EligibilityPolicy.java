package io.holdfast.flink.restart;

import io.holdfast.flink.config.HoldfastOptions.Guarantee;
import java.util.Optional;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.JobManagerOptions.SchedulerType;
import org.apache.flink.configuration.SchedulerExecutionMode;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.runtime.jobgraph.JobType;
import org.apache.flink.runtime.jobgraph.tasks.CheckpointCoordinatorConfiguration;
import org.apache.flink.streaming.api.graph.ExecutionPlan;

/** Decides whether a job's tasks may restart one by one. Pure. */
public final class EligibilityPolicy {

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
        if (plan.getCheckpointingSettings() != null) {
            CheckpointCoordinatorConfiguration checkpoints =
                    plan.getCheckpointingSettings().getCheckpointCoordinatorConfiguration();
            if (checkpoints.isUnalignedCheckpointsEnabled()) {
                return Optional.of("unaligned checkpoints are enabled");
            }
        }
        return Optional.empty();
    }
}
