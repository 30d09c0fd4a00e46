package io.holdfast.migration;

import io.holdfast.base.ByteSize;
import io.holdfast.quarkus.DurationConverter;
import io.holdfast.quarkus.LogConfig;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Settings of the migration sidecar, read from {@code HOLDFAST_MIGRATION_*}. */
@ConfigMapping(prefix = "holdfast.migration")
public interface MigrationConfig {
    /** The default of {@link #listen}. */
    String LISTEN = "127.0.0.1:9620";

    /** The default of {@link State#listen}. */
    String STATE_LISTEN = "0.0.0.0:9621";

    /** The JobManager. */
    Jobmanager jobmanager();

    /** The JobManager. */
    interface Jobmanager {
        /**
         * Where the JobManager's REST interface is, such as {@code http://my-job-rest:8081}; several if JobManagers stand by for
         * one another. If absent, what the pod's annotation {@code holdfast.io/jobmanager-url} says, or else {@code
         * http://APP-rest.NAMESPACE:8081} by the pod's label {@code app}, which is what Flink's own Kubernetes support and the
         * operator name it; for both the service account must be allowed to get pods.
         */
        Optional<List<URI>> url();

        /** How long one answer of the JobManager may take, from 100ms to 10s; then it counts as away, and is asked again. */
        @WithDefault("3s")
        @WithConverter(DurationConverter.class)
        Duration timeout();
    }

    /** The TaskManager of this pod. */
    Taskmanager taskmanager();

    /** The TaskManager of this pod. */
    interface Taskmanager {
        /**
         * Resource id of the TaskManager in this pod, if it is set by {@code taskmanager.resource-id}. If absent, the one that
         * has the pod's name, as with Flink's own Kubernetes support, or else the only one that the JobManager knows at the pod's
         * address. Set it where several TaskManagers share the address of a node.
         */
        Optional<String> id();
    }

    /**
     * How long the end of the pod is held up at most, until its tasks have been moved: from the call of the hook, or from the
     * signal if there was no hook. It must be below {@code terminationGracePeriodSeconds}, by what Flink needs to end. Too
     * short, and moves are done by a restart from a checkpoint; too long, and the pod is killed in the middle of one.
     */
    @WithDefault("25s")
    @WithConverter(DurationConverter.class)
    Duration budget();

    /**
     * How long before the time that a notice names the tasks shall have left, so that Flink can end before the machine does. {@code
     * 0s} uses all of the time.
     */
    @WithDefault("3s")
    @WithConverter(DurationConverter.class)
    Duration reserve();

    /**
     * How long a move may take for a notice that does not say when the machine goes, such as a taint. It is tried again as long
     * as there is time left; after that nothing happens until there is another notice.
     */
    @WithDefault("2m")
    @WithConverter(DurationConverter.class)
    Duration undated();

    /**
     * How long the JobManager shall put no task on this TaskManager after it was asked for a move. It is asked again in time as
     * long as a notice is there. Too long, and a TaskManager stays empty after its notice was withdrawn.
     */
    @WithDefault("5m")
    @WithConverter(DurationConverter.class)
    Duration leaving();

    /**
     * Whether the API server is asked for the pod and its node, and told of moves. {@code auto} does so where the container has
     * a service account; what its role does not allow is left out, with a warning. With {@code off} the hook, signals and the
     * cloud are heard.
     */
    @WithDefault("auto")
    Kubernetes kubernetes();

    /** Name of this pod, from the downward API. If absent, the one in the token of the service account, and the host name. */
    Optional<String> pod();

    /** Namespace of this pod. If absent, that of the service account. */
    Optional<String> namespace();

    /** Address of this pod, from the downward API. If absent, those of the container, whose network is the pod's. */
    Optional<String> address();

    /** Name of this pod's node, from the downward API. If absent, the pod is asked. */
    Optional<String> node();

    /**
     * Taints of the node that say that it goes, each as {@code KEY}, {@code KEY=VALUE}, {@code KEY:EFFECT} or {@code
     * KEY=VALUE:EFFECT}. {@code none}, alone, leaves nodes alone. The default has those of the cluster autoscaler, Karpenter,
     * the node termination handler of AWS, GKE's preemption, and of Kubernetes for nodes that are shut down, unreachable or out of
     * service. A cordoned node is no notice; add {@code node.kubernetes.io/unschedulable} if yours is drained whenever it is
     * cordoned.
     */
    @WithDefault("ToBeDeletedByClusterAutoscaler,karpenter.sh/disrupted,karpenter.sh/disruption=disrupting,"
            + "aws-node-termination-handler/spot-itn,aws-node-termination-handler/scheduled-maintenance,"
            + "aws-node-termination-handler/asg-lifecycle-termination,aws-node-termination-handler/rebalance-recommendation,"
            + "cloud.google.com/impending-node-termination,node.cloudprovider.kubernetes.io/shutdown,"
            + "node.kubernetes.io/out-of-service,node.kubernetes.io/unreachable")
    List<String> taints();

    /**
     * Annotations of the pod by which it is asked to leave, with any value but {@code false}. {@code none}, alone, has none. The
     * default has Koordinator's soft eviction, and what the descheduler and Holdfast's eviction guard put there.
     */
    @WithDefault("scheduling.koordinator.sh/soft-eviction,descheduler.alpha.kubernetes.io/eviction-in-progress,"
            + "descheduler.alpha.kubernetes.io/eviction-requested")
    List<String> annotations();

    /**
     * Clouds whose metadata servers are asked whether this machine goes: {@code aws}, {@code gcp}, {@code azure}, {@code
     * alibaba}. If absent, none is. It must be reached from the pod: on AWS with a hop limit of 2.
     */
    Optional<List<Cloud>> cloud();

    /** How often metadata servers are asked, from 500ms to 1m. */
    @WithDefault("2s")
    @WithConverter(DurationConverter.class)
    Duration poll();

    /** Amazon's metadata. */
    Aws aws();

    /** Amazon's metadata. */
    interface Aws {
        /** Base address of the instance metadata service. */
        @WithDefault("http://169.254.169.254")
        URI url();

        /**
         * Whether a recommendation to leave a spot instance counts. It comes earlier than the interruption, and often none
         * follows.
         */
        @WithDefault("false")
        boolean rebalance();
    }

    /** Google's metadata. */
    Gcp gcp();

    /** Google's metadata. */
    interface Gcp {
        /** Base address of the metadata server. */
        @WithDefault("http://metadata.google.internal")
        URI url();
    }

    /** Azure's metadata. */
    Azure azure();

    /** Azure's metadata. */
    interface Azure {
        /** Base address of the instance metadata service. */
        @WithDefault("http://169.254.169.254")
        URI url();

        /** Kinds of scheduled events that count. {@code Freeze}, which pauses a machine for seconds, is not among them. */
        @WithDefault("Preempt,Terminate,Reboot,Redeploy")
        List<String> events();
    }

    /** Alibaba's metadata. */
    Alibaba alibaba();

    /** Alibaba's metadata. */
    interface Alibaba {
        /** Base address of the instance metadata service. */
        @WithDefault("http://100.100.100.200")
        URI url();
    }

    /**
     * Address and port of the HTTP interface. The default is reached from within the pod alone, or from all of the node if
     * the pod has {@code hostNetwork}: enough for a hook that is a command. A hook that is an HTTP request comes from the
     * kubelet, and needs {@code 0.0.0.0:9620}; then set {@code HOLDFAST_MIGRATION_TOKEN_FILE} as well.
     */
    @WithDefault(LISTEN)
    String listen();

    /**
     * File with a token that requests other than for health and metrics must carry as {@code Authorization: Bearer TOKEN}. It is
     * read for each request, so it can be replaced. If absent, everybody who reaches the address may have the tasks moved.
     */
    Optional<Path> tokenFile();

    /** The TaskManager's local state, for those that get its tasks. */
    State state();

    /** The TaskManager's local state, for those that get its tasks. */
    interface State {
        /**
         * Where Flink keeps its local state: what {@code execution.checkpointing.local-backup.dirs}, formerly {@code
         * taskmanager.state.local.root-dirs}, or {@code process.taskmanager.working-dir} names, from a volume that both
         * containers mount. What is there is served to TaskManagers that get tasks of this one, so that they need not read it
         * from the checkpoint storage. A directory may come to be later. If absent, no state is handed over.
         */
        Optional<List<Path>> directories();

        /**
         * Address and port at which state is served. Other pods have to reach it. Every request needs a token, which is made at
         * the start and sent with each move; it is HTTP without TLS, as Flink's own ports are by default.
         */
        @WithDefault(STATE_LISTEN)
        String listen();

        /**
         * Where other pods reach what serves the state, such as {@code http://10.0.0.7:9621}, without a path. If absent, the
         * address and port of {@code HOLDFAST_MIGRATION_STATE_LISTEN}; where that is {@code 0.0.0.0} or {@code [::]}, the address is
         * {@code HOLDFAST_MIGRATION_ADDRESS}, or else one of the container's.
         */
        Optional<URI> url();

        /**
         * How many bytes per second are sent at most, such as {@code 100Mi}, at least {@code 1Mi}. If absent, as many as the
         * network takes: that is the shortest move, and what else uses the network has less of it meanwhile. With a rate answers
         * have at most 16 MiB each, and wait for one another.
         */
        Optional<ByteSize> rate();
    }

    /**
     * File in which a failed start leaves its last words, which Kubernetes shows in the state of the pod. The default is
     * where Kubernetes looks, and is not written where it does not exist.
     */
    @WithDefault("/dev/termination-log")
    Path terminationMessageFile();

    /** How it logs. */
    LogConfig log();

    /** Whether the API server is used. */
    enum Kubernetes {
        AUTO,
        OFF
    }

    /** Whose machine this is. */
    enum Cloud {
        AWS,
        GCP,
        AZURE,
        ALIBABA
    }
}
