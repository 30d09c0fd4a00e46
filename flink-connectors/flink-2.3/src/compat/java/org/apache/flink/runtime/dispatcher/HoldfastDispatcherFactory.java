package org.apache.flink.runtime.dispatcher;

import io.holdfast.flink.restart.JobMasterParts;
import java.util.Collection;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.failure.FailureEnricher;
import org.apache.flink.runtime.application.AbstractApplication;
import org.apache.flink.runtime.dispatcher.cleanup.CheckpointResourcesCleanupRunnerFactory;
import org.apache.flink.runtime.execution.librarycache.LibraryCacheManager;
import org.apache.flink.runtime.executiongraph.JobStatusListener;
import org.apache.flink.runtime.heartbeat.HeartbeatServices;
import org.apache.flink.runtime.highavailability.ApplicationResult;
import org.apache.flink.runtime.highavailability.HighAvailabilityServices;
import org.apache.flink.runtime.jobmaster.JobManagerRunner;
import org.apache.flink.runtime.jobmaster.JobManagerSharedServices;
import org.apache.flink.runtime.jobmaster.JobMasterConfiguration;
import org.apache.flink.runtime.jobmaster.JobMasterServiceLeadershipRunner;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.jobmaster.factories.DefaultJobMasterServiceFactory;
import org.apache.flink.runtime.jobmaster.factories.DefaultJobMasterServiceProcessFactory;
import org.apache.flink.runtime.jobmaster.factories.JobManagerJobMetricGroupFactory;
import org.apache.flink.runtime.rpc.FatalErrorHandler;
import org.apache.flink.runtime.rpc.RpcService;
import org.apache.flink.streaming.api.graph.ExecutionPlan;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.util.MdcUtils;

/**
 * Makes dispatchers whose eligible jobs run under Holdfast's scheduler; all other jobs get Flink's own runner.
 *
 * <p>Follows Flink 2.3's {@link SessionDispatcherFactory} and {@link JobMasterServiceLeadershipRunnerFactory}, read at
 * 2.3.0. Here because the services it passes on are package-private.
 */
public enum HoldfastDispatcherFactory implements DispatcherFactory {
    INSTANCE;

    /** Dispatcher's leader process thread. */
    @Override
    public Dispatcher createDispatcher(
            RpcService rpcService,
            DispatcherId fencingToken,
            Collection<ExecutionPlan> recoveredJobs,
            Collection<JobResult> recoveredDirtyJobResults,
            Collection<AbstractApplication> recoveredApplications,
            Collection<ApplicationResult> recoveredDirtyApplicationResults,
            DispatcherBootstrapFactory bootstrap,
            PartialDispatcherServicesWithPersistenceComponents services)
            throws Exception {
        return new StandaloneDispatcher(
                rpcService,
                fencingToken,
                recoveredJobs,
                recoveredDirtyJobResults,
                recoveredApplications,
                recoveredDirtyApplicationResults,
                bootstrap,
                DispatcherServices.from(
                        services,
                        HoldfastDispatcherFactory::createRunner,
                        CheckpointResourcesCleanupRunnerFactory.INSTANCE));
    }

    private static JobManagerRunner createRunner(
            ExecutionPlan plan,
            Configuration configuration,
            RpcService rpcService,
            HighAvailabilityServices highAvailability,
            HeartbeatServices heartbeats,
            JobManagerSharedServices services,
            JobManagerJobMetricGroupFactory metrics,
            FatalErrorHandler fatalErrorHandler,
            Collection<FailureEnricher> failureEnrichers,
            JobStatusListener jobStatusListener,
            long initializationTimestamp)
            throws Exception {
        JobMasterParts parts = JobMasterParts.of(plan, configuration).orElse(null);
        if (parts == null) {
            return JobMasterServiceLeadershipRunnerFactory.INSTANCE.createJobManagerRunner(
                    plan,
                    configuration,
                    rpcService,
                    highAvailability,
                    heartbeats,
                    services,
                    metrics,
                    fatalErrorHandler,
                    failureEnrichers,
                    jobStatusListener,
                    initializationTimestamp);
        }
        LibraryCacheManager.ClassLoaderLease lease = services.getLibraryCacheManager()
                .registerClassLoaderLease(
                        plan.getJobID(), plan.getApplicationId().orElseThrow());
        ClassLoader userCode = lease.getOrResolveClassLoader(plan.getUserJarBlobKeys(), plan.getClasspaths())
                .asClassLoader();
        if (plan instanceof StreamGraph) {
            ((StreamGraph) plan).deserializeUserDefinedInstances(userCode, services.getFutureExecutor());
        }
        DefaultJobMasterServiceFactory jobMasters = new DefaultJobMasterServiceFactory(
                MdcUtils.scopeToJob(plan.getJobID(), services.getIoExecutor()),
                rpcService,
                JobMasterConfiguration.fromConfiguration(configuration),
                plan,
                highAvailability,
                parts.schedulers(configuration),
                services,
                parts.heartbeats(heartbeats),
                metrics,
                fatalErrorHandler,
                userCode,
                failureEnrichers,
                jobStatusListener,
                initializationTimestamp);
        return new JobMasterServiceLeadershipRunner(
                new DefaultJobMasterServiceProcessFactory(
                        plan.getJobID(),
                        plan.getName(),
                        plan.getJobType(),
                        plan.getCheckpointingSettings(),
                        initializationTimestamp,
                        jobMasters),
                highAvailability.getJobManagerLeaderElection(plan.getJobID()),
                highAvailability.getJobResultStore(),
                lease,
                fatalErrorHandler);
    }
}
