package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.networkmemory.NetworkMemoryMXBean;
import io.holdfast.flink.networkmemory.NetworkMemoryRegistration;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.execution.ExecutionState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whole jobs in one JVM whose TaskManagers' network memory grows and shrinks meanwhile, by the MBean. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class NetworkMemoryJobTest {

    private static final long MEBIBYTE = 1 << 20;

    /** So large that few buffers are left when the memory is small. */
    private static final long SEGMENT = MEBIBYTE / 4;

    private static final long START = 64 * MEBIBYTE;
    private static final ObjectName PATTERN = NetworkMemoryRegistration.all();
    private static final MBeanServer MBEANS = ManagementFactory.getPlatformMBeanServer();

    @RegisterExtension
    final TestCluster cluster = new TestCluster(new Configuration()
            .set(TaskManagerOptions.MEMORY_SEGMENT_SIZE, new MemorySize(SEGMENT))
            .set(HoldfastOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(1)));

    @Test
    void jobLosesNothingWhileMemoryGrowsAndShrinks() throws Exception {
        NumbersJob job = new NumbersJob().records(30_000).paddingBytes(3_000);
        JobID id = cluster.submit(job.graph());
        Waiting.until(() -> cluster.tasks(id, ExecutionState.RUNNING) == 9);
        List<NetworkMemoryMXBean> memories = memories();
        Random random = new Random(11);
        int drained = 0;

        while (isRunning(id) && drained < 30) {
            NetworkMemoryMXBean memory = memories.get(random.nextInt(memories.size()));
            long floor = memory.getFloorBytes();
            long accepted = memory.resize(random.nextBoolean() ? floor : floor + random.nextInt((int) START));
            Waiting.until(() -> memory.getDebtBytes() == 0 || !isRunning(id));
            drained += memory.getSizeBytes() == accepted ? 1 : 0;
        }
        Outcome outcome = cluster.outcome(id);

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(drained).as("resizes that were complete while the job ran").isGreaterThan(9);
        assertThat(job.missing()).isZero();
        assertThat(outcome.incidents()).isEmpty();
        assertThat(outcome.fallbacks()).isEmpty();
    }

    @Test
    void sizeIsShownByFlinksMetricsAndRest() throws Exception {
        List<NetworkMemoryMXBean> memories = memories();
        memories.forEach(memory -> memory.resize(24 * MEBIBYTE));

        Waiting.until(() -> memories.stream().allMatch(memory -> memory.getSizeBytes() == 24 * MEBIBYTE));

        assertThat(gauges("TotalMemory")).containsExactly(24 * MEBIBYTE, 24 * MEBIBYTE);
        assertThat(gauges("AvailableMemorySegments")).containsExactly(24L * 4, 24L * 4);
        assertThat(gauges("sizeBytes")).containsExactly(24 * MEBIBYTE, 24 * MEBIBYTE);
        assertThat(gauges("debtBytes")).containsExactly(0L, 0L);
        String expected = "\"nettyShuffleMemorySegmentsTotal\":" + 24 * 4;
        Waiting.until(() -> names().stream().allMatch(name -> overRest(name).contains(expected)));
    }

    @Test
    void jobThatMustHaveMoreThanAShrinkHasLeftRuns() throws Exception {
        List<NetworkMemoryMXBean> memories = memories();
        memories.forEach(memory -> memory.resize(memory.getMinBytes())); // a slab is the least
        Waiting.until(() -> memories.stream().allMatch(memory -> memory.getDebtBytes() == 0));
        NumbersJob job = new NumbersJob().records(500).parallelism(4);

        assertThat(cluster.run(job.graph()).status()).isEqualTo(JobStatus.FINISHED);

        assertThat(job.missing()).isZero();
        assertThat(memories).anyMatch(memory -> memory.getGrownBack() > 0);
    }

    @Test
    void mbeansGoWithTheTaskManagers() throws Exception {
        assertThat(names()).hasSize(2);

        cluster.miniCluster().close();

        assertThat(names()).isEmpty();
    }

    /** What Flink's REST says of a TaskManager. */
    private String overRest(ObjectName memory) {
        try {
            URI rest = cluster.miniCluster().getRestAddress().get();
            String taskManager = ObjectName.unquote(memory.getKeyProperty("taskmanager"));
            return HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(rest.resolve("/taskmanagers/" + taskManager))
                                    .build(),
                            BodyHandlers.ofString())
                    .body();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean isRunning(JobID job) {
        return cluster.miniCluster().getJobStatus(job).join() == JobStatus.RUNNING;
    }

    private List<Long> gauges(String name) {
        return cluster.metrics(name, "Status.Shuffle.Netty").stream()
                .map(NetworkMemoryJobTest::value)
                .toList();
    }

    private static long value(Metric gauge) {
        return ((Number) ((Gauge<?>) gauge).getValue()).longValue();
    }

    private static List<ObjectName> names() {
        return List.copyOf(MBEANS.queryNames(PATTERN, null));
    }

    private static List<NetworkMemoryMXBean> memories() {
        List<NetworkMemoryMXBean> memories = names().stream()
                .map(name -> JMX.newMXBeanProxy(MBEANS, name, NetworkMemoryMXBean.class))
                .toList();
        assertThat(memories).hasSize(2).allMatch(memory -> memory.getSizeBytes() == START);
        return memories;
    }
}
