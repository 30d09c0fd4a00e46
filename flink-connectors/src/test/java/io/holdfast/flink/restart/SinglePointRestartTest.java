package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.entrypoint.HoldfastMiniCluster;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whole jobs in one JVM that lose tasks. Every record is a number that passes each operator once. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SinglePointRestartTest {

    private static final long RECORDS = 6_000;

    private static final Map<String, AtomicInteger> FAILURES_LEFT = new ConcurrentHashMap<>();
    private static final ConcurrentLinkedQueue<Long> ARRIVED = new ConcurrentLinkedQueue<>();
    private static final ConcurrentHashMap<String, AtomicInteger> ATTEMPTS = new ConcurrentHashMap<>();

    private HoldfastMiniCluster cluster;

    @BeforeEach
    void startCluster() throws Exception {
        FAILURES_LEFT.clear();
        ARRIVED.clear();
        ATTEMPTS.clear();
        Configuration configuration = new Configuration();
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(64));
        cluster = new HoldfastMiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(HoldfastMiniCluster.configure(configuration))
                .setNumTaskManagers(2)
                .setNumSlotsPerTaskManager(2)
                .build());
        cluster.start();
    }

    @AfterEach
    void stopCluster() throws Exception {
        cluster.close();
    }

    @Test
    void onlyTheFailedTaskRestartsAndTheLedgerKnowsWhatWasLost() throws Exception {
        FAILURES_LEFT.put("map-1", new AtomicInteger(1));

        JobID job = run(job());

        assertThat(cluster.getJobStatus(job).get()).isEqualTo(JobStatus.FINISHED);
        assertThat(attempts("map-1")).isEqualTo(2);
        assertThat(attempts("map-0")).isEqualTo(1);
        assertThat(attempts("sink-0")).isEqualTo(1);
        Map<String, Serializable> totals = totals(job);
        assertThat(missing()).isEqualTo(lost(totals) - delivered(totals));
    }

    private static JobGraph job() {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(3);
        env.enableCheckpointing(100);
        env.fromSource(new NumberSequenceSource(0, RECORDS - 1), WatermarkStrategy.noWatermarks(), "source")
                .map(new Pass("source", 300_000))
                .keyBy(number -> number % 97)
                .map(new Pass("map", 0))
                .rebalance()
                .map(new Pass("sink", 0))
                .sinkTo(new DiscardingSink<>());
        return env.getStreamGraph().getJobGraph();
    }

    private JobID run(JobGraph job) throws Exception {
        cluster.submitJob(job).get();
        cluster.requestJobResult(job.getJobID()).get();
        return job.getJobID();
    }

    private static int attempts(String task) {
        return ATTEMPTS.get(task).get();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Serializable> totals(JobID job) {
        Map<String, Serializable> view = LedgerArchive.INSTANCE.find(job).orElseThrow();
        System.out.println(view);
        assertThat((List<Serializable>) view.get("fallbacks")).isEmpty();
        return (Map<String, Serializable>) view.get("totals");
    }

    private static long lost(Map<String, Serializable> totals) {
        return (Long) totals.get("lostRecords");
    }

    private static long delivered(Map<String, Serializable> totals) {
        return (Long) totals.get("deliveredRecords");
    }

    private static long missing() {
        return RECORDS - ARRIVED.size();
    }

    /** Hands records on, notes that it lives, and fails when told to. */
    private static final class Pass extends RichMapFunction<Long, Long> {

        private final String operator;
        private final long parkNanos;
        private transient String name;
        private transient int seen;

        Pass(String operator, long parkNanos) {
            this.operator = operator;
            this.parkNanos = parkNanos;
        }

        @Override
        public void open(org.apache.flink.api.common.functions.OpenContext context) {
            name = operator + "-" + getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
            ATTEMPTS.computeIfAbsent(name, ignored -> new AtomicInteger()).incrementAndGet();
        }

        @Override
        public Long map(Long number) {
            LockSupport.parkNanos(parkNanos);
            AtomicInteger left = FAILURES_LEFT.get(name);
            if (left != null && ++seen > 200 && left.getAndDecrement() > 0) {
                throw new IllegalStateException("told to fail: " + name);
            }
            if (operator.equals("sink")) {
                ARRIVED.add(number);
            }
            return number;
        }
    }
}
