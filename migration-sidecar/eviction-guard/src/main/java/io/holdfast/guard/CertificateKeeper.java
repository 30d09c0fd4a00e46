package io.holdfast.guard;

import io.holdfast.base.HoldfastException;
import io.holdfast.guard.cluster.TlsSecret;
import io.holdfast.guard.cluster.WebhookRegistration;
import io.holdfast.guard.tls.CertificateFiles;
import io.holdfast.guard.tls.CertificateIssuer;
import io.holdfast.guard.tls.Certificates;
import io.holdfast.guard.tls.KeyPairAndChain;
import io.holdfast.guard.tls.ServingKey;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the certificate that is served the right one. Every replica reads it, again and again; the one that leads renews it, one
 * step at a time, and has API servers trust it. A step is not taken before the one before it is known to API servers.
 */
final class CertificateKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateKeeper.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** One look at the certificate, and what is to be done about it. */
    private interface Source {
        /** @throws HoldfastException if it cannot be used, or API servers do not trust it yet */
        void look();
    }

    private final ServingKey serving;
    private final Duration poll;
    private final GuardMetrics metrics;
    private final Source source;
    private final Semaphore wake = new Semaphore(0);
    private final Thread thread;
    private String told = "";

    private CertificateKeeper(ServingKey serving, Duration poll, GuardMetrics metrics, SourceOf source) {
        this.serving = serving;
        this.poll = poll;
        this.metrics = metrics;
        this.source = source.of(this);
        this.thread = new Thread(this::run, "holdfast-certificate");
        thread.setDaemon(true);
    }

    private interface SourceOf {
        Source of(CertificateKeeper keeper);
    }

    /** One that reads files. */
    static CertificateKeeper ofFiles(ServingKey serving, CertificateFiles files, Duration poll, GuardMetrics metrics) {
        return new CertificateKeeper(serving, poll, metrics, keeper -> () -> keeper.serve(files.read()));
    }

    /** One that makes its own. */
    static CertificateKeeper ofSecret(
            ServingKey serving,
            TlsSecret secret,
            WebhookRegistration registration,
            CertificateIssuer issuer,
            BooleanSupplier leads,
            Duration poll,
            GuardMetrics metrics) {
        return new CertificateKeeper(
                serving, poll, metrics, keeper -> () -> keeper.look(secret, registration, issuer, leads));
    }

    void start() {
        thread.start();
    }

    /** Has it look now. */
    void wake() {
        wake.release();
    }

    boolean alive() {
        return thread.isAlive();
    }

    private void run() {
        try {
            while (true) {
                lookSafely();
                if (wake.tryAcquire(poll.toNanos(), TimeUnit.NANOSECONDS)) {
                    wake.drainPermits();
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("Certificate no longer looked after");
        }
    }

    private void lookSafely() {
        try {
            source.look();
            if (!told.isEmpty()) {
                told = "";
                LOG.info("Certificate in order again");
            }
        } catch (HoldfastException e) {
            metrics.certificateFailed();
            if (!told.equals(e.getMessage())) {
                told = e.getMessage();
                LOG.warn("Certificate not in order: reason={}", told);
            }
        } catch (RuntimeException e) {
            metrics.certificateFailed();
            LOG.error("Certificate not looked after", e);
        }
    }

    private void look(
            TlsSecret secret, WebhookRegistration registration, CertificateIssuer issuer, BooleanSupplier leads) {
        Optional<TlsSecret.Seen> seen = secret.read();
        Optional<Certificates> current = seen.flatMap(this::usable);
        current.ifPresent(certificates -> serve(certificates.serving()));
        if (!leads.getAsBoolean()) {
            return;
        }
        if (current.isEmpty()) {
            write(secret, seen, registration, issuer.create());
            return;
        }
        trust(registration, current.get());
        issuer.renewed(current.get()).ifPresent(next -> write(secret, seen, registration, next));
    }

    private Optional<Certificates> usable(TlsSecret.Seen seen) {
        try {
            return Optional.of(Certificates.of(seen.entries()));
        } catch (HoldfastException e) {
            LOG.warn("Secret not usable, so the leader makes it anew: reason={}", e.getMessage());
            return Optional.empty();
        }
    }

    private void write(
            TlsSecret secret, Optional<TlsSecret.Seen> before, WebhookRegistration registration, Certificates next) {
        if (!secret.write(before, next.entries())) {
            wake(); // another replica was quicker: use what it has written
            return;
        }
        LOG.info(
                "Certificate written: serial={} expires={} authorities={}",
                next.serving().certificate().getSerialNumber().toString(16),
                next.serving().certificate().getNotAfter().toInstant(),
                next.authorities().size());
        serve(next.serving());
        trust(registration, next);
    }

    private void trust(WebhookRegistration registration, Certificates certificates) {
        if (registration.trust(certificates.bundle())) {
            LOG.info(
                    "Authorities announced to API servers: authorities={}",
                    certificates.authorities().size());
        }
    }

    private void serve(KeyPairAndChain pair) {
        if (serving.publish(pair)) {
            LOG.info(
                    "Certificate served: serial={} expires={}",
                    pair.certificate().getSerialNumber().toString(16),
                    pair.certificate().getNotAfter().toInstant());
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
