package io.holdfast.migration;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.holdfast.base.DurationGrammar;
import io.holdfast.base.ExitCode;
import io.holdfast.kubernetes.ApiServer;
import io.holdfast.kubernetes.PodEvents;
import io.holdfast.kubernetes.PodIdentity;
import io.holdfast.migration.client.Handoff;
import io.holdfast.migration.jobmanager.JobManager;
import io.holdfast.migration.jobmanager.TaskManagerPlace;
import io.holdfast.migration.notice.AlibabaNotices;
import io.holdfast.migration.notice.AwsNotices;
import io.holdfast.migration.notice.AzureNotices;
import io.holdfast.migration.notice.Clocks;
import io.holdfast.migration.notice.ClusterNotices;
import io.holdfast.migration.notice.GcpNotices;
import io.holdfast.migration.notice.NoticeBoard;
import io.holdfast.migration.notice.NoticePoll;
import io.holdfast.migration.notice.NoticeSource;
import io.holdfast.migration.notice.PodFacts;
import io.holdfast.migration.plan.Cause;
import io.holdfast.migration.state.StateServer;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Quarkus;
import io.vertx.core.Vertx;
import jakarta.inject.Singleton;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the parts together, and is what the HTTP interface and the program know of them. */
@Singleton
class MigrationService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MigrationService.class);

    private final MigrationConfig config;
    private final Optional<PodIdentity> identity;
    private final Optional<ClusterNotices> cluster;
    private final List<NoticePoll> polls;
    private final Optional<StateServer> state;
    private final TaskManagerPlace place;
    private final JobManager jobManager;
    private final Reporter reporter;
    private final MigrationLoop loop;
    private volatile Optional<Handoff> handoff = Optional.empty();
    private boolean graceChecked;
    private boolean ended;

    MigrationService(MigrationConfig config, MeterRegistry registry, Vertx vertx) {
        this.config = config;
        MigrationSettings settings = MigrationSettings.of(config);
        Clocks clocks = new Clocks(System::nanoTime, Instant::now);
        MigrationMetrics metrics = new MigrationMetrics(registry);
        NoticeBoard board = new NoticeBoard(this::wake);
        this.identity = identity(config);
        Optional<KubernetesClient> client = identity.map(own -> ApiServer.client(vertx));
        this.cluster = client.map(api -> new ClusterNotices(
                api, identity.orElseThrow(), settings.annotations(), settings.taints(), board, clocks, this::learned));
        this.polls = config.cloud().orElse(List.of()).stream()
                .distinct()
                .map(cloud ->
                        new NoticePoll(source(cloud, config, clocks), config.poll(), board, metrics::sourceFailed))
                .toList();
        this.state = settings.state().map(served -> new StateServer(vertx, served, metrics));
        this.place = TaskManagerPlace.of(
                config.taskmanager().id(), identity.map(PodIdentity::name).or(config::pod), config.address());
        this.jobManager = new JobManager(
                this::jobManagers,
                config.jobmanager().timeout(),
                config.leaving(),
                place,
                identity.map(PodIdentity::name).or(config::pod),
                () -> handoff);
        this.reporter = new Reporter(
                metrics, client.map(api -> new PodEvents(api, "holdfast-migration-sidecar")), this::asEventsNameIt);
        this.loop = new MigrationLoop(
                board,
                jobManager,
                settings.rules(),
                reporter,
                System::nanoTime,
                () -> Quarkus.asyncExit(ExitCode.INTERNAL));
        metrics.show(loop::snapshot);
    }

    private PodEvents.Pod asEventsNameIt() {
        PodIdentity own = identity.orElseThrow();
        return new PodEvents.Pod(
                own.namespace(),
                own.name(),
                cluster.flatMap(ClusterNotices::facts).map(PodFacts::uid).orElse(""),
                Optional.empty());
    }

    private static Optional<PodIdentity> identity(MigrationConfig config) {
        if (config.kubernetes() == MigrationConfig.Kubernetes.OFF) {
            LOG.info("Kubernetes not used: reason=HOLDFAST_MIGRATION_KUBERNETES is off");
            return Optional.empty();
        }
        Optional<PodIdentity> found = PodIdentity.of(config.namespace(), config.pod(), PodIdentity.SERVICE_ACCOUNT);
        if (found.isEmpty()) {
            LOG.info("Kubernetes not used: reason=neither HOLDFAST_MIGRATION_POD and HOLDFAST_MIGRATION_NAMESPACE nor a"
                    + " service account tells which pod this is");
        } else {
            LOG.info("Kubernetes used: pod={}", found.get());
        }
        return found;
    }

    private static NoticeSource source(MigrationConfig.Cloud cloud, MigrationConfig config, Clocks clocks) {
        return switch (cloud) {
            case AWS -> new AwsNotices(config.aws().url(), config.aws().rebalance(), clocks);
            case GCP -> new GcpNotices(config.gcp().url(), clocks);
            case AZURE ->
                new AzureNotices(config.azure().url(), Set.copyOf(config.azure().events()), clocks);
            case ALIBABA -> new AlibabaNotices(config.alibaba().url(), clocks);
        };
    }

    private List<URI> jobManagers() {
        return config.jobmanager()
                .url()
                .orElseGet(() -> cluster.flatMap(ClusterNotices::facts)
                        .flatMap(PodFacts::jobManager)
                        .map(List::of)
                        .orElse(List.of()));
    }

    private void learned() {
        Optional<Duration> grace = cluster.flatMap(ClusterNotices::facts).flatMap(PodFacts::gracePeriod);
        if (!graceChecked && grace.isPresent()) {
            graceChecked = true;
            if (grace.get().compareTo(config.budget()) <= 0) {
                LOG.warn(
                        "Budget is not below the grace period: budget={} gracePeriod={}. Set terminationGracePeriodSeconds to"
                                + " more than HOLDFAST_MIGRATION_BUDGET, or the pod is killed in the middle of a move",
                        DurationGrammar.format(config.budget()),
                        DurationGrammar.format(grace.get()));
            }
        }
        wake();
    }

    private void wake() {
        if (loop != null) { // nobody publishes before all parts are there but for what is made here
            loop.wake();
        }
    }

    void start() {
        handoff = state.map(server -> server.start(List.copyOf(place.addresses())));
        loop.start();
        cluster.ifPresent(notices -> notices.start(config.node()));
        polls.forEach(NoticePoll::start);
    }

    /** Has the tasks moved, because the pod ends; answers when that is over, or when the time is. */
    CompletableFuture<Drain> drain() {
        return loop.drain(Cause.HOOK, "the pod ends");
    }

    /** Has the tasks moved, because this process ends, and returns when that is over, or when the time is; then all has ended. */
    synchronized void end() {
        if (ended) {
            return;
        }
        ended = true;
        if (loop.alive()) {
            try {
                loop.drain(Cause.SIGNAL, "the sidecar was told to end").get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException e) {
                LOG.error("End not held up, by an error of its own. Report it", e);
            }
        }
        close();
    }

    Snapshot snapshot() {
        return loop.snapshot();
    }

    /** Resource id of the TaskManager, once it was asked for. */
    Optional<String> taskManager() {
        return jobManager.taskManager();
    }

    Optional<PodIdentity> pod() {
        return identity;
    }

    /** Whether the loop still turns. */
    boolean alive() {
        return loop.alive();
    }

    @Override
    public void close() {
        cluster.ifPresent(ClusterNotices::close);
        polls.forEach(NoticePoll::close);
        loop.close();
        state.ifPresent(StateServer::close);
        reporter.close();
        jobManager.close();
    }
}
