package io.holdfast.guard;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.guard.cluster.DeclaredEvictions;
import io.holdfast.guard.cluster.Nodes;
import io.holdfast.guard.cluster.Pods;
import io.holdfast.guard.cluster.TlsSecret;
import io.holdfast.guard.cluster.WebhookRegistration;
import io.holdfast.guard.decide.EvictionPolicy;
import io.holdfast.guard.decide.HousekeepingPolicy;
import io.holdfast.guard.decide.ResponderPolicy;
import io.holdfast.guard.jobmanager.Moves;
import io.holdfast.guard.tls.CertificateFiles;
import io.holdfast.guard.tls.CertificateIssuer;
import io.holdfast.guard.tls.ServingKey;
import io.holdfast.guard.webhook.WebhookServer;
import io.holdfast.kubernetes.ApiServer;
import io.holdfast.kubernetes.PodEvents;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the parts together, and is what health checks and the program know of them. */
@Singleton
class GuardService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GuardService.class);
    private static final Duration API_PATIENCE = Duration.ofSeconds(3);
    private static final Duration LONGEST_POLL = Duration.ofSeconds(10);

    private final GuardSettings settings;
    private final InstantSource clock = InstantSource.system();
    private final ServingKey serving = new ServingKey();
    private final KubernetesClient client;
    private final Moves moves;
    private final Reporter reporter;
    private final Leadership leadership;
    private final Housekeeping housekeeping;
    private final CertificateKeeper certificates;
    private final WebhookServer webhook;
    private final Optional<Responder> responder;
    private boolean closed;

    GuardService(GuardConfig config, MeterRegistry registry, Vertx vertx) {
        this.settings = GuardSettings.of(config);
        this.client = ApiServer.client(vertx, API_PATIENCE);
        String namespace = config.namespace()
                .or(() -> Optional.ofNullable(client.getNamespace()))
                .orElseThrow(() -> new HoldfastException(
                        Disposition.FATAL,
                        "No service account tells in which namespace this is",
                        "Set HOLDFAST_EVICTION_GUARD_NAMESPACE to the one whose pods are to be guarded"));
        GuardMetrics metrics = new GuardMetrics(registry);
        Pods pods = new Pods(client, namespace);
        Nodes nodes = new Nodes(client);
        EvictionPolicy policy = new EvictionPolicy(settings.rules());
        this.moves = new Moves(config.jobmanager().timeout(), config.move().limit(), config.leavingFor());
        this.reporter = new Reporter(metrics, new PodEvents(client, "holdfast-eviction-guard"));
        this.leadership = new Leadership(
                client,
                namespace,
                config.lease().name(),
                identity(),
                config.lease().duration(),
                this::wake);
        this.housekeeping = new Housekeeping(
                pods, nodes, moves, new HousekeepingPolicy(policy), reporter, leadership::leads, clock);
        this.certificates = certificates(config, namespace, metrics);
        Evictions evictions =
                new Evictions(pods, nodes, moves, policy, config.move().timeout(), reporter, clock);
        this.responder = config.evictionRequests() == GuardConfig.Toggle.OFF
                ? Optional.empty()
                : Optional.of(new Responder(
                        new DeclaredEvictions(client, namespace),
                        pods,
                        evictions,
                        new ResponderPolicy(config.move().timeout()),
                        config.retryAfter(),
                        leadership::leads,
                        clock));
        this.webhook = new WebhookServer(
                vertx, evictions::answer, reporter::undecided, config.answer().timeout());
        metrics.show(() -> leadership.leads() ? 1 : 0, housekeeping::evictions, this::certificateSeconds);
        LOG.info("Guarding: namespace={} label={}=true", namespace, Pods.GUARDED);
    }

    private CertificateKeeper certificates(GuardConfig config, String namespace, GuardMetrics metrics) {
        GuardConfig.Tls tls = config.tls();
        if (tls.source() == GuardConfig.TlsSource.FILES) {
            return CertificateKeeper.ofFiles(
                    serving, new CertificateFiles(tls.certificateFile(), tls.keyFile()), LONGEST_POLL, metrics);
        }
        String service = "%s.%s".formatted(config.service(), namespace);
        Duration quarter = tls.overlap().dividedBy(4);
        return CertificateKeeper.ofSecret(
                serving,
                new TlsSecret(client, namespace, tls.secret()),
                new WebhookRegistration(client, config.webhook(), namespace, config.service()),
                new CertificateIssuer(
                        service,
                        List.of(service + ".svc", service + ".svc.cluster.local", service, config.service()),
                        tls.validity(),
                        tls.authorityValidity(),
                        tls.overlap(),
                        clock),
                leadership::leads,
                quarter.compareTo(LONGEST_POLL) < 0 ? quarter : LONGEST_POLL,
                metrics);
    }

    /** Another one after each start: a lease that this process's predecessor held is not its own. */
    private static String identity() {
        String mark = UUID.randomUUID().toString().substring(0, 8);
        try {
            return InetAddress.getLocalHost().getHostName() + "_" + mark;
        } catch (UnknownHostException e) {
            return "eviction-guard_" + mark;
        }
    }

    private void wake() {
        housekeeping.wake();
        certificates.wake();
        responder.ifPresent(Responder::wake);
    }

    void start() {
        certificates.start();
        housekeeping.start();
        responder.ifPresent(Responder::start);
        leadership.start();
        int port = webhook.start(settings.listen(), serving);
        LOG.info("Webhook listening: port={} path={}", port, WebhookServer.PATH);
    }

    /** Whether its threads run. */
    boolean alive() {
        return housekeeping.alive()
                && certificates.alive()
                && responder.map(Responder::alive).orElse(true);
    }

    /** What it serves; empty until there is one. */
    Optional<X509Certificate> certificate() {
        return serving.certificate();
    }

    boolean leads() {
        return leadership.leads();
    }

    private double certificateSeconds() {
        return serving.certificate()
                .map(certificate -> Duration.between(
                        clock.instant(), certificate.getNotAfter().toInstant()))
                .map(left -> Math.max(0.0, left.toSeconds()))
                .orElse(0.0);
    }

    /** The second call does nothing, but wait for the first. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        webhook.close();
        responder.ifPresent(Responder::close);
        housekeeping.close();
        certificates.close();
        leadership.close();
        moves.close();
        reporter.close();
        client.close();
    }
}
