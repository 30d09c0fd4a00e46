package io.holdfast.flink.restart;

import io.holdfast.flink.autopartition.AutoPartitionSettings;
import io.holdfast.flink.config.OptionCheck;
import io.holdfast.flink.move.MoveSettings;
import java.util.Optional;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.heartbeat.HeartbeatServices;
import org.apache.flink.runtime.jobmaster.DefaultSlotPoolServiceSchedulerFactory;
import org.apache.flink.runtime.jobmaster.SlotPoolServiceSchedulerFactory;
import org.apache.flink.runtime.scheduler.HoldfastSchedulerFactory;
import org.apache.flink.streaming.api.graph.ExecutionPlan;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the JobMaster of an eligible job gets instead of Flink's own. */
public final class JobMasterParts {

    private static final Logger LOG = LoggerFactory.getLogger(JobMasterParts.class);

    private final ExecutionPlan plan;
    private final RestartSettings settings;
    private final AutoPartitionSettings autoPartition;
    private final MoveSettings moves;

    private JobMasterParts(
            ExecutionPlan plan, RestartSettings settings, AutoPartitionSettings autoPartition, MoveSettings moves) {
        this.plan = plan;
        this.settings = settings;
        this.autoPartition = autoPartition;
        this.moves = moves;
    }

    /**
     * Dispatcher's main thread. The parts for {@code plan}; empty if the job runs as in stock Flink, which is logged
     * with its reason and shown over REST.
     *
     * @throws io.holdfast.base.HoldfastException if the job's own configuration has unusable holdfast options
     */
    public static Optional<JobMasterParts> of(ExecutionPlan plan, Configuration configuration) {
        Configuration both = new Configuration(configuration);
        both.addAll(plan.getJobConfiguration());
        OptionCheck.check(both);
        RestartSettings settings = RestartSettings.of(configuration, plan.getJobConfiguration());
        AutoPartitionSettings autoPartition = AutoPartitionSettings.of(configuration, plan.getJobConfiguration());
        Optional<String> reason = EligibilityPolicy.reasonAgainst(plan, configuration, settings);
        if (reason.isPresent()) {
            LOG.info(
                    "Job keeps stock region restart: job={} name={} reason={}",
                    plan.getJobID(),
                    plan.getName(),
                    reason.get());
            if (autoPartition.enabled()) {
                LOG.info(
                        "Auto-partition is off for this job, whose exchange is stock Flink's: job={} name={} reason={}",
                        plan.getJobID(),
                        plan.getName(),
                        reason.get());
            }
            LedgerArchive.INSTANCE.keep(
                    plan.getJobID(), LedgerView.unmanaged(reason.get(), System.currentTimeMillis()));
            return Optional.empty();
        }
        return Optional.of(new JobMasterParts(
                plan, settings, autoPartition, MoveSettings.of(configuration, plan.getJobConfiguration())));
    }

    /** Dispatcher's main thread. */
    public SlotPoolServiceSchedulerFactory schedulers(Configuration configuration) {
        SlotPoolServiceSchedulerFactory stock = DefaultSlotPoolServiceSchedulerFactory.fromConfiguration(
                configuration, plan.getJobType(), plan.isDynamic());
        return DefaultSlotPoolServiceSchedulerFactory.create(
                stock::createSlotPoolService, new HoldfastSchedulerFactory(settings, autoPartition, moves));
    }

    /** Dispatcher's main thread. */
    public HeartbeatServices heartbeats(HeartbeatServices stock) {
        return new TaskManagerHeartbeats(stock, settings);
    }
}
