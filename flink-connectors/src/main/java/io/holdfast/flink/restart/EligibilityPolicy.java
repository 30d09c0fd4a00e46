package io.holdfast.flink.restart;

import io.holdfast.flink.config.HoldfastOptions.Guarantee;
import java.util.Optional;
import javax.annotation.Nullable;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.JobManagerOptions.SchedulerType;
import org.apache.flink.configuration.SchedulerExecutionMode;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobType;
import org.apache.flink.streaming.api.graph.ExecutionPlan;

/** Decides whether a job's tasks may restart one by one, and how well what that costs can be counted. Pure. */
public final class EligibilityPolicy {

    static final String UNALIGNED = "unaligned checkpoints are enabled";
    static final String IN_FLIGHT_DATA = "it was restored from an unaligned checkpoint; restart it from an aligned one";
    static final String STOPPING = "a stop-with-savepoint was under way";
    static final String AT_LEAST_ONCE = "checkpoints are at-least-once: states may hold more than was counted";

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

    private static boolean unalignedCheckpoints(JobGraph graph) {
        return graph.getCheckpointingSettings() != null
                && graph.getCheckpointingSettings()
                        .getCheckpointCoordinatorConfiguration()
                        .isUnalignedCheckpointsEnabled();
    }

    /**
     * Any thread. Why the tasks of a job that Holdfast's scheduler has got never restart alone; empty if they may.
     *
     * @param restored the checkpoint that the job begins with; null if it begins without
     */
    public static Optional<String> reasonAgainst(JobGraph graph, @Nullable CompletedCheckpoint restored) {
        if (unalignedCheckpoints(graph)) {
            return Optional.of(UNALIGNED);
        }
        return restored != null && holdsInFlightData(restored) ? Optional.of(IN_FLIGHT_DATA) : Optional.empty();
    }

    private static boolean holdsInFlightData(CompletedCheckpoint checkpoint) {
        return checkpoint.getOperatorStates().values().stream()
                .flatMap(state -> state.getStates().stream())
                .anyMatch(EligibilityPolicy::holdsInFlightData);
    }

    private static boolean holdsInFlightData(OperatorSubtaskState state) {
        return !state.getInputChannelState().isEmpty()
                || !state.getResultSubpartitionState().isEmpty();
    }

    /**
     * Any thread. Why no task may restart alone at this moment.
     *
     * @param stopping whether a stop-with-savepoint is under way: its abort fails every task that has taken it
     */
    public static Optional<String> reasonAgainstNow(boolean stopping) {
        return stopping ? Optional.of(STOPPING) : Optional.empty();
    }

    /**
     * Any thread. Why what is counted of a restart in {@code graph} is an upper bound: tasks go on reading behind a
     * barrier while they wait for another. Empty if it is exact.
     */
    public static Optional<String> reasonToCountAtMost(JobGraph graph) {
        return graph.getCheckpointingSettings() != null
                        && !graph.getCheckpointingSettings()
                                .getCheckpointCoordinatorConfiguration()
                                .isExactlyOnce()
                ? Optional.of(AT_LEAST_ONCE)
                : Optional.empty();
    }
}
