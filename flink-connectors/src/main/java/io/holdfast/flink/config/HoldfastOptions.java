package io.holdfast.flink.config;

import java.time.Duration;
import java.util.List;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;

/**
 * Every Flink option of Holdfast. They are read from Flink's configuration on the JobManager and, where a description
 * says so, from a job's own configuration, which wins.
 */
public final class HoldfastOptions {

    /** Prefix of every option; an unknown option under it stops the start. */
    public static final String PREFIX = "holdfast.";

    public static final ConfigOption<Boolean> ENABLED = ConfigOptions.key("holdfast.enabled")
            .booleanType()
            .defaultValue(true)
            .withDescription("Whether Holdfast does anything. With false, everything behaves as in stock Flink although"
                    + " Holdfast's entry point and shuffle service are configured. JobManager and TaskManagers.");

    public static final ConfigOption<Guarantee> RESTART_GUARANTEE = ConfigOptions.key("holdfast.restart.guarantee")
            .enumType(Guarantee.class)
            .defaultValue(Guarantee.AT_MOST_ONCE)
            .withDescription(
                    "What a job is promised when tasks of it are lost. at-most-once: only the lost tasks restart,"
                            + " records in flight to and from them are dropped and counted. region: stock Flink behaviour."
                            + " JobManager or job.");

    public static final ConfigOption<Duration> RESTART_DELAY = ConfigOptions.key("holdfast.restart.delay")
            .durationType()
            .defaultValue(Duration.ZERO)
            .withDescription("Time between the loss of a task and its single-point restart. JobManager or job.");

    public static final ConfigOption<Integer> RESTART_MAX_FAILURES = ConfigOptions.key("holdfast.restart.max-failures")
            .intType()
            .defaultValue(10)
            .withDescription("Failures of one subtask within holdfast.restart.failure-window that are answered by"
                    + " single-point restarts. One more is answered by stock Flink's region restart and its restart"
                    + " strategy. The loss of a TaskManager counts once per subtask. JobManager or job.");

    public static final ConfigOption<Duration> RESTART_FAILURE_WINDOW = ConfigOptions.key(
                    "holdfast.restart.failure-window")
            .durationType()
            .defaultValue(Duration.ofMinutes(1))
            .withDescription("Time in which failures of one subtask are counted. JobManager or job.");

    public static final ConfigOption<Duration> RESTART_SUSPECT_TIMEOUT = ConfigOptions.key(
                    "holdfast.restart.suspect-timeout")
            .durationType()
            .defaultValue(Duration.ofSeconds(5))
            .withDescription("Time without an answer from a TaskManager after which it is given up: its tasks restart"
                    + " elsewhere, nobody waits for it, and it is fenced if it comes back. Shorter reacts faster to a"
                    + " silent node and risks giving up one in a long garbage collection. JobManager or job.");

    public static final ConfigOption<Duration> RESTART_HEARTBEAT_INTERVAL = ConfigOptions.key(
                    "holdfast.restart.heartbeat-interval")
            .durationType()
            .defaultValue(Duration.ofMillis(500))
            .withDescription("How often the JobMaster of a managed job asks its TaskManagers for a sign of life."
                    + " JobManager or job.");

    public static final ConfigOption<Duration> RESTART_ATTACH_TIMEOUT = ConfigOptions.key(
                    "holdfast.restart.attach-timeout")
            .durationType()
            .defaultValue(Duration.ofMinutes(3))
            .withDescription(
                    "Time that a channel may take to attach to a restarted task, both ends running, and until its"
                            + " task reads from it; longer than the longest back-pressure you want to sit out. After it"
                            + " the job falls back to stock Flink's region restart. JobManager or job.");

    public static final ConfigOption<Integer> LEDGER_MAX_INCIDENTS = ConfigOptions.key("holdfast.ledger.max-incidents")
            .intType()
            .defaultValue(1_000)
            .withDescription("Incidents per job that the loss ledger keeps in detail; totals always count all."
                    + " JobManager or job.");

    public static final ConfigOption<Boolean> AUTO_PARTITION_ENABLED = ConfigOptions.key(
                    "holdfast.auto-partition.enabled")
            .booleanType()
            .defaultValue(false)
            .withDescription(
                    "Whether records on edges that rebalance or rescale go to the receiver that is expected to be"
                            + " done with them first, instead of round-robin. JobManager or job.");

    public static final ConfigOption<List<String>> AUTO_PARTITION_EXCLUDE = ConfigOptions.key(
                    "holdfast.auto-partition.exclude")
            .stringType()
            .asList()
            .defaultValues()
            .withDescription(
                    "Names or uids of operators whose incoming edges are left alone, separated by semicolons; a"
                            + " star stands for any characters. JobManager or job.");

    public static final ConfigOption<Algorithm> AUTO_PARTITION_ALGORITHM = ConfigOptions.key(
                    "holdfast.auto-partition.algorithm")
            .enumType(Algorithm.class)
            .defaultValue(Algorithm.SHORTEST_EXPECTED_DELAY)
            .withDescription("How a receiver is chosen. shortest-expected-delay: all are looked at, of more than 16 so"
                    + " many at a time. power-of-two-choices: two are looked at. JobManager or job.");

    public static final ConfigOption<Boolean> NETWORK_MEMORY_ELASTIC = ConfigOptions.key(
                    "holdfast.network-memory.elastic")
            .booleanType()
            .defaultValue(true)
            .withDescription("Whether the network memory of a TaskManager can be resized while tasks run. With false it"
                    + " is Flink's own, of the size it has at start. TaskManagers.");

    public static final ConfigOption<MemorySize> NETWORK_MEMORY_MIN = ConfigOptions.key("holdfast.network-memory.min")
            .memoryType()
            .defaultValue(MemorySize.ZERO)
            .withDescription("Size that the network memory is never shrunk below; 0 stands for a quarter of the size at"
                    + " start. With little of it tasks wait for buffers: throughput falls before anything fails."
                    + " TaskManagers.");

    public static final ConfigOption<MemorySize> NETWORK_MEMORY_MAX = ConfigOptions.key("holdfast.network-memory.max")
            .memoryType()
            .defaultValue(MemorySize.ZERO)
            .withDescription("Size that the network memory never grows beyond; 0 stands for four times the size at"
                    + " start. The JVM's limit of direct memory holds too, and must be raised first. TaskManagers.");

    public static final ConfigOption<Boolean> MOVE_ENABLED = ConfigOptions.key("holdfast.move.enabled")
            .booleanType()
            .defaultValue(true)
            .withDescription(
                    "Whether tasks are moved, without loss, when somebody says over REST that their TaskManager is"
                            + " about to go. With false such requests fail, and the tasks stay until it is gone."
                            + " JobManager or job.");

    public static final ConfigOption<Duration> MOVE_TIMEOUT = ConfigOptions.key("holdfast.move.timeout")
            .durationType()
            .defaultValue(Duration.ofSeconds(30))
            .withDescription(
                    "Time that a move may take if its request does not say when the TaskManager will be gone. After"
                            + " 60 % of it no handover is begun or waited for, after 80 % the tasks are restarted from"
                            + " what there is. JobManager.");

    public static final ConfigOption<Duration> MOVE_LEAVING_TIME = ConfigOptions.key("holdfast.move.leaving-time")
            .durationType()
            .defaultValue(Duration.ofMinutes(10))
            .withDescription("How long a TaskManager whose tasks were moved off gets no task of the job again, if the"
                    + " request does not say it. JobManager.");

    public static final ConfigOption<Boolean> MOVE_WARM_UP = ConfigOptions.key("holdfast.move.warm-up")
            .booleanType()
            .defaultValue(true)
            .withDescription(
                    "Whether TaskManagers prepare for tasks that will be moved to them, by loading the classes that these have"
                            + " needed where they are, and by making a state backend for practice. With false a task pauses"
                            + " longer when it is the first of its kind there. JobManager or job.");

    public static final ConfigOption<Boolean> MOVE_STATE_HANDOFF = ConfigOptions.key("holdfast.move.state-handoff")
            .booleanType()
            .defaultValue(true)
            .withDescription(
                    "Whether the local state of tasks that are moved is fetched from the TaskManager that they leave, where"
                            + " its migration sidecar serves it and Flink keeps local state. With false, or where it cannot"
                            + " be fetched in time, it is read from the checkpoint storage. JobManager or job.");

    public static final ConfigOption<MemorySize> IN_FLIGHT_LOG_MEMORY = ConfigOptions.key(
                    "holdfast.in-flight-log.memory")
            .memoryType()
            .defaultValue(MemorySize.ofMebiBytes(32))
            .withDescription(
                    "Heap that a TaskManager uses at most to keep records for tasks that are being moved, so that"
                            + " their producers do not wait meanwhile. When half of it is full the oldest are written to disk."
                            + " With 0 nothing is kept: producers wait, and a moved task that is lost before the next checkpoint"
                            + " loses records. TaskManagers.");

    public static final ConfigOption<MemorySize> IN_FLIGHT_LOG_DISK = ConfigOptions.key("holdfast.in-flight-log.disk")
            .memoryType()
            .defaultValue(MemorySize.ofMebiBytes(1024))
            .withDescription(
                    "Disk that a TaskManager uses at most for the same, in Flink's io.tmp.dirs. With 0 only memory"
                            + " is used. TaskManagers.");

    /** Set by Holdfast's entry points for its shuffle service, which must not run without one. Not for users. */
    public static final ConfigOption<String> ENTRY_POINT = ConfigOptions.key("holdfast.internal.entry-point")
            .stringType()
            .noDefaultValue()
            .withDescription("Internal.");

    private static final List<ConfigOption<?>> ALL = List.of(
            ENABLED,
            RESTART_GUARANTEE,
            RESTART_DELAY,
            RESTART_MAX_FAILURES,
            RESTART_FAILURE_WINDOW,
            RESTART_SUSPECT_TIMEOUT,
            RESTART_HEARTBEAT_INTERVAL,
            RESTART_ATTACH_TIMEOUT,
            LEDGER_MAX_INCIDENTS,
            AUTO_PARTITION_ENABLED,
            AUTO_PARTITION_EXCLUDE,
            AUTO_PARTITION_ALGORITHM,
            NETWORK_MEMORY_ELASTIC,
            NETWORK_MEMORY_MIN,
            NETWORK_MEMORY_MAX,
            MOVE_ENABLED,
            MOVE_WARM_UP,
            MOVE_STATE_HANDOFF,
            MOVE_TIMEOUT,
            MOVE_LEAVING_TIME,
            IN_FLIGHT_LOG_MEMORY,
            IN_FLIGHT_LOG_DISK);

    private HoldfastOptions() {}

    /** What users may set. */
    public static List<ConfigOption<?>> all() {
        return ALL;
    }

    /** How a receiver is chosen among those that a record may go to. */
    public enum Algorithm {
        /** All receivers are looked at, and the one that would be done first is taken. */
        SHORTEST_EXPECTED_DELAY("shortest-expected-delay"),
        /** Two receivers are looked at, and the better one is taken. */
        POWER_OF_TWO_CHOICES("power-of-two-choices");

        private final String text;

        Algorithm(String text) {
            this.text = text;
        }

        /** As written in a configuration. */
        @Override
        public String toString() {
            return text;
        }
    }

    /** What a job is promised when tasks of it are lost. */
    public enum Guarantee {
        /** Only the lost tasks restart; what was in flight to and from them is dropped, and counted. */
        AT_MOST_ONCE("at-most-once"),
        /** Stock Flink. */
        REGION("region");

        private final String text;

        Guarantee(String text) {
            this.text = text;
        }

        /** As written in a configuration. */
        @Override
        public String toString() {
            return text;
        }
    }
}
