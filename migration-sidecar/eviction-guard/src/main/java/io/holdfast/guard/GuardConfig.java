package io.holdfast.guard;

import io.holdfast.quarkus.DurationConverter;
import io.holdfast.quarkus.LogConfig;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Settings of the eviction guard, read from {@code HOLDFAST_EVICTION_GUARD_*}. */
@ConfigMapping(prefix = "holdfast.eviction-guard")
public interface GuardConfig {
    /** Default of {@link Status#listen}. */
    String STATUS_LISTEN = "0.0.0.0:9620";

    /** Address and port of the webhook, over HTTPS. API servers must reach it through the Service. */
    @WithDefault("0.0.0.0:9443")
    String listen();

    /** Health and metrics. */
    Status status();

    /** Health and metrics. */
    interface Status {
        /** Address and port of health and metrics, over HTTP. Nothing is asked for there but that. */
        @WithDefault(STATUS_LISTEN)
        String listen();
    }

    /** Namespace whose pods are guarded. If absent, that of the service account. */
    Optional<String> namespace();

    /** Name of the Service that leads to the replicas, in their namespace: the certificate is made out to it. */
    @WithDefault("holdfast-eviction-guard")
    String service();

    /** Name of the ValidatingWebhookConfiguration, into which the certificate's authority is written. */
    @WithDefault("holdfast-eviction-guard")
    String webhook();

    /** Answers to API servers. */
    Answer answer();

    /** Answers to API servers. */
    interface Answer {
        /**
         * How long an answer may take, from 1s to 9s; what is not decided then is allowed. It must be less than the {@code
         * timeoutSeconds} of the webhook, which is 10 by default.
         */
        @WithDefault("5s")
        @WithConverter(DurationConverter.class)
        Duration timeout();
    }

    /** The JobManagers. */
    Jobmanager jobmanager();

    /** The JobManagers. */
    interface Jobmanager {
        /** How long a JobManager may take for all that is asked for one eviction. It must be less than the answer's timeout. */
        @WithDefault("3s")
        @WithConverter(DurationConverter.class)
        Duration timeout();

        /**
         * How long a JobManager may be away before evictions are allowed without it; until then they are told to ask again, so
         * that a failover is waited for. {@code 0s} allows them at once.
         */
        @WithDefault("15s")
        @WithConverter(DurationConverter.class)
        Duration budget();
    }

    /** The moves. */
    Move move();

    /** The moves. */
    interface Move {
        /** How long a move may take before the JobManager does it in a quicker, worse way, or gives it up. */
        @WithDefault("2m")
        @WithConverter(DurationConverter.class)
        Duration timeout();

        /**
         * How many TaskManagers of one JobManager may move at once. Evictions of others wait for their turn. More makes a drain
         * quicker, and has more of a job stand still at a time. Those on a cordoned node move together, and count as one: none of
         * them is a place for the tasks of another.
         */
        @WithDefault("1")
        int limit();
    }

    /** How long a TaskManager counts as leaving after its move: nothing is sent back there while its pod ends. */
    @WithDefault("5m")
    @WithConverter(DurationConverter.class)
    Duration leavingFor();

    /** How long after its first request an eviction is allowed whatever happens. No node waits longer for a pod. */
    @WithDefault("10m")
    @WithConverter(DurationConverter.class)
    Duration forceAfter();

    /**
     * How long an eviction may stay silent before it counts as given up, if its node takes pods again: then its move is taken
     * back. It must be longer than the pauses of those that evict, which are 5 s for {@code kubectl drain}.
     */
    @WithDefault("30s")
    @WithConverter(DurationConverter.class)
    Duration withdrawAfter();

    /** When those that evict are told to ask again, 1s or longer. */
    @WithDefault("2s")
    @WithConverter(DurationConverter.class)
    Duration retryAfter();

    /**
     * Whether the guard responds to evictions that are objects, of the API {@code lifecycle.k8s.io/v1alpha1} of Kubernetes 1.37,
     * for pods that name it as a responder. The API is alpha: what it asks for may be another in the next Kubernetes.
     */
    @WithDefault("off")
    Toggle evictionRequests();

    /** Whether something is done. */
    enum Toggle {
        ON,
        OFF
    }

    /** The certificate. */
    Tls tls();

    /** The certificate. */
    interface Tls {
        /**
         * {@code own} makes a certificate and its authority, renews them, and has API servers trust them. {@code files} reads a
         * certificate that somebody else renews, such as cert-manager, who then has API servers trust it as well.
         */
        @WithDefault("own")
        TlsSource source();

        /** Certificate and those that lead to its authority, in PEM. Read again when it changes. For {@code files}. */
        @WithDefault("/holdfast/tls/tls.crt")
        Path certificateFile();

        /** Private key of the certificate, in PEM, without a password. Read again when it changes. For {@code files}. */
        @WithDefault("/holdfast/tls/tls.key")
        Path keyFile();

        /** Name of the Secret by which the replicas share certificate and authority. For {@code own}. */
        @WithDefault("holdfast-eviction-guard-tls")
        String secret();

        /** How long a certificate is valid; it is renewed when two thirds of that are over. For {@code own}. */
        @WithDefault("30d")
        @WithConverter(DurationConverter.class)
        Duration validity();

        /** How long an authority is valid; it is renewed when two thirds of that are over. For {@code own}. */
        @WithDefault("365d")
        @WithConverter(DurationConverter.class)
        Duration authorityValidity();

        /**
         * How long a new authority is announced before it signs, and an old one after it has signed for the last time. API
         * servers and replicas must have heard of it by then. For {@code own}.
         */
        @WithDefault("5m")
        @WithConverter(DurationConverter.class)
        Duration overlap();
    }

    /** The lease by which one of the replicas leads. */
    Lease lease();

    /** The lease by which one of the replicas leads. */
    interface Lease {
        /** Name of the Lease. The replica that has it renews certificates, and withdraws evictions that were given up. */
        @WithDefault("holdfast-eviction-guard")
        String name();

        /** How long a leader that is gone is waited for, 3s or longer. */
        @WithDefault("15s")
        @WithConverter(DurationConverter.class)
        Duration duration();
    }

    /**
     * File in which a failed start leaves its last words, which Kubernetes shows in the state of the pod. The default is
     * where Kubernetes looks, and is not written where it does not exist.
     */
    @WithDefault("/dev/termination-log")
    Path terminationMessageFile();

    /** How it logs. */
    LogConfig log();

    /** Where the certificate comes from. */
    enum TlsSource {
        OWN,
        FILES
    }
}
