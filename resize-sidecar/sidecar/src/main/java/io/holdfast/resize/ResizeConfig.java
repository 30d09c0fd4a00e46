package io.holdfast.resize;

import io.holdfast.base.ByteSize;
import io.holdfast.quarkus.DurationConverter;
import io.holdfast.quarkus.LogConfig;
import io.holdfast.resize.plan.NetworkPolicy;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Settings of the resize sidecar, read from {@code HOLDFAST_RESIZE_*}. */
@ConfigMapping(prefix = "holdfast.resize")
public interface ResizeConfig {
    /** Default of {@link #listen}. */
    String LISTEN = "127.0.0.1:9610";

    /** The agent in the TaskManager. */
    Agent agent();

    /** The agent in the TaskManager. */
    interface Agent {
        /**
         * Unix socket of the agent in the TaskManager, in a volume that both containers mount: the {@code socket} of its
         * {@code -javaagent} option. A socket that is not there yet is waited for.
         */
        @WithDefault("/holdfast/run/agent.sock")
        Path socket();

        /** Jar of the agent, for {@code HOLDFAST_RESIZE_ATTACH}. The default is where the image has it. */
        @WithDefault("/holdfast/agent/holdfast-agent.jar")
        Path jar();
    }

    /**
     * Whether the agent is loaded into a TaskManager that was started without it. {@code auto} does so when nothing answers at
     * the socket: it needs a shared process namespace, or a {@code /tmp} that both containers share and {@code
     * -XX:+StartAttachListener}; and the user and group of the TaskManager, or root. {@code off} leaves the JVM alone:
     * a sidecar should not signal a process that nobody told it about.
     */
    @WithDefault("off")
    Attach attach();

    /**
     * Directory of the memory controller of the TaskManager's container, v1 or v2. If absent, it is looked for through
     * {@code /proc} in a shared process namespace, and if that shows none, the agent tells limit and usage.
     */
    Optional<Path> cgroup();

    /** How often limit and usage are looked at where no notification arrives, from 100ms to 1m. */
    @WithDefault("1s")
    @WithConverter(DurationConverter.class)
    Duration poll();

    /**
     * Container limit for which Flink computed the sizes it was started with: {@code taskmanager.memory.process.size}. If
     * absent, the limit at the start of the TaskManager, which is another one once its container has restarted after a
     * resize: set it wherever that can happen.
     */
    Optional<ByteSize> baseline();

    /**
     * Smallest container limit that is prepared for. If absent, the baseline: managed memory and metaspace cannot shrink, so
     * what is below it is taken from the heap alone.
     */
    Optional<ByteSize> floor();

    /** Largest container limit that is asked for. If absent, there is none; a heap never grows past its {@code -Xmx}. */
    Optional<ByteSize> ceiling();

    /** Least heap that a smaller limit may leave. If absent, what the agent can reach, which is its live data and room. */
    Optional<ByteSize> heapFloor();

    /**
     * Whether network memory gets its share of a larger limit, 9 % of what is added as in Flink's own computation: {@code
     * when-short} only if nine tenths of it are in use at that time, {@code always}, or {@code never}. What it does not get
     * goes to the heap.
     */
    @WithDefault("when-short")
    NetworkPolicy network();

    /** Changes smaller than this are not followed, and requests for them change nothing. */
    @WithDefault("32Mi")
    ByteSize hysteresis();

    /**
     * Pause after a resize before another one is begun that nothing forces: a request in this time is answered with 429. A
     * limit that has changed is followed at once. {@code 0s} for none.
     */
    @WithDefault("10s")
    @WithConverter(DurationConverter.class)
    Duration cooldown();

    /** How a smaller limit is prepared. */
    Shrink shrink();

    /** How a smaller limit is prepared. */
    interface Shrink {
        /**
         * How far usage, page cache included, must lie below the new limit before it is called safe. Too small, and the
         * kubelet refuses what has grown since; too large, and every shrink waits for page cache.
         */
        @WithDefault("64Mi")
        ByteSize margin();

        /** Time from the request until it is safe; after that the JVM gets its memory back and the request ends. */
        @WithDefault("1m")
        @WithConverter(DurationConverter.class)
        Duration timeout();
    }

    /** How long a prepared TaskManager waits for the smaller limit that {@code POST /resize/prepare} announced. */
    Ready ready();

    /** What is prepared. */
    interface Ready {
        /** How long what is prepared on request is held for a limit that somebody else sets. Then the JVM gets it back. */
        @WithDefault("2m")
        @WithConverter(DurationConverter.class)
        Duration timeout();
    }

    /** What Kubernetes was asked for. */
    Confirm confirm();

    /** What Kubernetes was asked for. */
    interface Confirm {
        /**
         * How long the kubelet may take to set a limit after the pod asks for it. Then the pod gets its old one back, if it
         * was {@code POST /resize} that asked. A smaller limit from elsewhere stays in the pod, and the JVM stays small as
         * long as the pod asks for it.
         */
        @WithDefault("2m")
        @WithConverter(DurationConverter.class)
        Duration timeout();
    }

    /**
     * How long after a refusal a smaller limit that the pod still asks for is tried again; and how often it is looked whether
     * a limit that was lowered unannounced can be followed further.
     */
    @WithDefault("5m")
    @WithConverter(DurationConverter.class)
    Duration retry();

    /**
     * Whether the API server is asked for the pod's wishes, and told of resizes. {@code auto} does so where the container has
     * a service account; what its role does not allow is left out, with a warning. With {@code off} the sidecar only follows
     * the limit, and prepares what it is told to.
     */
    @WithDefault("auto")
    Kubernetes kubernetes();

    /** Name of this pod, from the downward API. If absent, the one in the token of the service account. */
    Optional<String> pod();

    /** Namespace of this pod. If absent, that of the service account. */
    Optional<String> namespace();

    /** Name of the TaskManager's container in the pod. The default is the one of Flink's own Kubernetes support. */
    @WithDefault("flink-main-container")
    String container();

    /**
     * Address and port of the HTTP interface. The default is reached from within the pod alone, or from all of the node if
     * the pod has {@code hostNetwork}. Then, or with another address, set {@code HOLDFAST_RESIZE_TOKEN_FILE} as well.
     */
    @WithDefault(LISTEN)
    String listen();

    /**
     * File with a token that requests under {@code /resize} must carry as {@code Authorization: Bearer TOKEN}. It is read for
     * each request, so it can be replaced. Health and metrics need none. If absent, everybody who reaches the address may
     * resize.
     */
    Optional<Path> tokenFile();

    /**
     * File in which a failed start leaves its last words, which Kubernetes shows in the state of the pod. The default is
     * where Kubernetes looks, and is not written where it does not exist.
     */
    @WithDefault("/dev/termination-log")
    Path terminationMessageFile();

    /** How it logs. */
    LogConfig log();

    /** Whether a JVM without an agent gets one. */
    enum Attach {
        AUTO,
        OFF
    }

    /** Whether the API server is used. */
    enum Kubernetes {
        AUTO,
        OFF
    }
}
