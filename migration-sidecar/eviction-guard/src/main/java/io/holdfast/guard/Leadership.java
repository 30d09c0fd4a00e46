package io.holdfast.guard;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectorBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.Lock;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which replica leads, by a Lease. Only renewals of the certificate and withdrawals need that: whoever leads by error for a
 * moment does them twice, which is harmless, for each write names the version that it changes.
 */
@RegisterForReflection(targets = {Lease.class, LeaseSpec.class})
final class Leadership implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final KubernetesClient client;
    private final String namespace;
    private final String lease;
    private final String identity;
    private final Duration duration;
    private final Runnable changed;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "holdfast-lease");
        thread.setDaemon(true);
        return thread;
    });
    private final Thread keeper;
    private volatile CompletableFuture<?> running;
    private volatile boolean leading;
    private volatile String failing = "";
    private volatile boolean closed;

    /** @param changed called, in another thread, when this replica begins or ceases to lead */
    Leadership(
            KubernetesClient client,
            String namespace,
            String lease,
            String identity,
            Duration duration,
            Runnable changed) {
        this.client = client;
        this.namespace = namespace;
        this.lease = lease;
        this.identity = identity;
        this.duration = duration;
        this.changed = changed;
        this.keeper = new Thread(this::run, "holdfast-leadership");
        keeper.setDaemon(true);
    }

    void start() {
        keeper.start();
    }

    boolean leads() {
        return leading;
    }

    private void run() {
        while (!closed) {
            try {
                running = elector().start();
                if (closed) {
                    running.cancel(true);
                }
                running.join(); // until it leads no more
            } catch (CancellationException e) {
                LOG.debug("Lease given back");
            } catch (CompletionException e) {
                LOG.warn("Lease not held: lease={}/{} reason={}", namespace, lease, String.valueOf(e.getCause()));
            }
            lead(false);
            try {
                TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private LeaderElector elector() {
        LeaderCallbacks callbacks = new LeaderCallbacks(
                () -> lead(true), () -> lead(false), leader -> LOG.debug("Leader seen: {}", leader));
        return new LeaderElectorBuilder(client, threads)
                .withConfig(new LeaderElectionConfigBuilder()
                        .withName(lease)
                        .withLock(new ToldOnce(new LeaseLock(namespace, lease, identity)))
                        .withLeaseDuration(duration)
                        .withRenewDeadline(duration.multipliedBy(2).dividedBy(3))
                        .withRetryPeriod(duration.dividedBy(7))
                        .withReleaseOnCancel(true)
                        .withLeaderCallbacks(callbacks)
                        .build())
                .build();
    }

    /** The election tries again for ever, and logs each failure; here it is told once, and that it is over. */
    private final class ToldOnce implements Lock {
        private final Lock lock;

        ToldOnce(Lock lock) {
            this.lock = lock;
        }

        @Override
        public LeaderElectionRecord get(KubernetesClient client) {
            return told("get", () -> lock.get(client));
        }

        @Override
        public void create(KubernetesClient client, LeaderElectionRecord record) {
            told("create", () -> {
                lock.create(client, record);
                return record;
            });
        }

        @Override
        public void update(KubernetesClient client, LeaderElectionRecord record) {
            told("patch", () -> {
                lock.update(client, record);
                return record;
            });
        }

        private LeaderElectionRecord told(String verb, Supplier<LeaderElectionRecord> call) {
            try {
                LeaderElectionRecord record = call.get();
                if (!failing.isEmpty() && failing.startsWith(verb)) {
                    failing = "";
                    LOG.info("Lease reached again: lease={}/{}", namespace, lease);
                }
                return record;
            } catch (KubernetesClientException e) {
                if (e.getCode() != HttpURLConnection.HTTP_CONFLICT && !failing.equals(verb + e.getCode())) {
                    failing = verb + e.getCode();
                    LOG.warn(
                            "Lease not held, so this replica does not lead: lease={}/{} reason={} remedy={}",
                            namespace,
                            lease,
                            e.getStatus() == null
                                    ? String.valueOf(e.getCause())
                                    : e.getStatus().getMessage(),
                            e.getCode() == HttpURLConnection.HTTP_FORBIDDEN
                                    ? "allow the verbs get, create and patch on leases to the service account"
                                    : "none needed unless this stays; it is tried again");
                }
                throw e;
            }
        }

        @Override
        public String identity() {
            return lock.identity();
        }

        @Override
        public String describe() {
            return lock.describe();
        }
    }

    private void lead(boolean now) {
        if (leading != now) {
            leading = now;
            LOG.info("Leadership changed: lease={}/{} identity={} leads={}", namespace, lease, identity, now);
            changed.run();
        }
    }

    /** Gives the lease back, so that another replica need not wait for its end. */
    @Override
    public void close() {
        closed = true;
        CompletableFuture<?> election = running;
        if (election != null) {
            election.cancel(true);
        }
        try {
            keeper.join(PATIENCE.toMillis());
            keeper.interrupt();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        threads.shutdownNow();
    }
}
