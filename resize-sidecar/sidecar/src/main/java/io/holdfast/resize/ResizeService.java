package io.holdfast.resize;

import io.holdfast.base.ExitCode;
import io.holdfast.kubernetes.ApiServer;
import io.holdfast.kubernetes.PodIdentity;
import io.holdfast.resize.agent.AgentClient;
import io.holdfast.resize.agent.AgentLoader;
import io.holdfast.resize.agent.Attaching;
import io.holdfast.resize.apply.StepRunner;
import io.holdfast.resize.observe.ContainerMemory;
import io.holdfast.resize.plan.Admission;
import io.holdfast.resize.plan.Phase;
import io.holdfast.resize.plan.Request;
import io.holdfast.resize.pod.OwnPod;
import io.holdfast.resize.pod.PodEvents;
import io.holdfast.resize.pod.PodWatch;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Quarkus;
import io.vertx.core.Vertx;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the parts together, and is what the HTTP interface and the program know of them. */
@Singleton
class ResizeService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ResizeService.class);
    private static final Path PROC = Path.of("/proc");

    private final History history = new History();
    private final ResizeMetrics metrics;
    private final Optional<PodWatch> podWatch;
    private final Reporter reporter;
    private final ResizeLoop loop;

    ResizeService(ResizeConfig config, MeterRegistry registry, Vertx vertx) {
        this.metrics = new ResizeMetrics(registry);
        Optional<OwnPod> pod = ownPod(config, vertx);
        this.podWatch = pod.map(own -> new PodWatch(own, this::wake));
        this.reporter = new Reporter(metrics, history, pod.map(own -> new PodEvents(own, podWatch.orElseThrow())));
        Attaching attaching = new Attaching(
                config.agent().socket(),
                new AgentLoader(config.agent().jar()),
                PROC,
                System::nanoTime,
                config.attach() == ResizeConfig.Attach.AUTO);
        AgentClient agent = new AgentClient(attaching::sockets);
        ContainerMemory memory = new ContainerMemory(config.cgroup(), PROC, System::nanoTime, this::wake);
        this.loop = new ResizeLoop(
                agent,
                attaching,
                memory,
                podWatch,
                new StepRunner(agent, memory::memory, pod),
                ResizeSettings.of(config),
                pod.isPresent()
                        ? Optional.empty()
                        : Optional.of("Limits cannot be set: the sidecar works without an API server"),
                reporter,
                System::nanoTime,
                () -> Quarkus.asyncExit(ExitCode.INTERNAL));
        metrics.show(loop::snapshot);
    }

    private static Optional<OwnPod> ownPod(ResizeConfig config, Vertx vertx) {
        if (config.kubernetes() == ResizeConfig.Kubernetes.OFF) {
            LOG.info("Kubernetes not used: reason=HOLDFAST_RESIZE_KUBERNETES is off");
            return Optional.empty();
        }
        Optional<PodIdentity> identity = PodIdentity.of(config.namespace(), config.pod(), PodIdentity.SERVICE_ACCOUNT);
        if (identity.isEmpty()) {
            LOG.info(
                    "Kubernetes not used: reason=neither HOLDFAST_RESIZE_POD and HOLDFAST_RESIZE_NAMESPACE nor a service"
                            + " account tells which pod this is");
            return Optional.empty();
        }
        LOG.info("Kubernetes used: pod={} container={}", identity.get(), config.container());
        return identity.map(own -> new OwnPod(ApiServer.client(vertx), own, config.container()));
    }

    private void wake() {
        loop.wake();
    }

    void start() {
        podWatch.ifPresent(PodWatch::start);
        loop.start();
    }

    CompletableFuture<Admission> submit(Request request) {
        return loop.submit(request);
    }

    CompletableFuture<Phase> cancel() {
        return loop.cancel();
    }

    Snapshot snapshot() {
        return loop.snapshot();
    }

    History history() {
        return history;
    }

    /** Whether the loop still turns. */
    boolean alive() {
        return loop.alive();
    }

    @Override
    public void close() {
        loop.close();
        podWatch.ifPresent(PodWatch::close);
        reporter.close();
    }
}
