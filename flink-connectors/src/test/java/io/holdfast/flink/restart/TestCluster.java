package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.entrypoint.HoldfastMiniCluster;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.MetricOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * TaskManagers with two slots each, two unless a test wants more, in the test's JVM, with Holdfast. After each test, all network buffers must be
 * back in their pools, and when the cluster is closed no thread of it may be left.
 */
final class TestCluster implements BeforeEachCallback, AfterEachCallback {

    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final List<String> OWN_THREADS = List.of("holdfast-", "Flink Netty", "OutputFlusher");

    private final Configuration more;
    private final int taskManagers;

    private HoldfastMiniCluster cluster;
    private InMemoryReporter reporter;

    TestCluster() {
        this(new Configuration());
    }

    /** With {@code more} in Flink's configuration. */
    TestCluster(Configuration more) {
        this(more, 2);
    }

    TestCluster(Configuration more, int taskManagers) {
        this.more = more;
        this.taskManagers = taskManagers;
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        FaultPoint.reset();
        Committing.reset();
        reporter = InMemoryReporter.create();
        Configuration configuration = new Configuration();
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(MetricOptions.METRIC_FETCHER_UPDATE_INTERVAL, Duration.ofMillis(200));
        configuration.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(64));
        configuration.addAll(more);
        reporter.addToConfiguration(configuration);
        cluster = new HoldfastMiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(HoldfastMiniCluster.configure(configuration))
                .setNumTaskManagers(taskManagers)
                .setNumSlotsPerTaskManager(2)
                .build());
        cluster.start();
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        boolean failed = context.getExecutionException().isPresent();
        try {
            if (!failed) {
                assertEventually(() ->
                        assertThat(buffersInUse()).as("network buffers in use").isZero());
            }
        } finally {
            cluster.close();
        }
        if (!failed) {
            assertEventually(() -> assertThat(ownThreads()).as("threads left").isEmpty());
        }
    }

    HoldfastMiniCluster miniCluster() {
        return cluster;
    }

    JobID submit(JobGraph graph) throws Exception {
        cluster.submitJob(graph).get();
        return graph.getJobID();
    }

    /** The same from where {@code savepoint} was taken. */
    JobID submit(JobGraph graph, String savepoint) throws Exception {
        graph.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(savepoint));
        return submit(graph);
    }

    /** Runs a job to its end. */
    Outcome run(JobGraph graph) throws Exception {
        return outcome(submit(graph));
    }

    /** Waits for the end of {@code job}. */
    Outcome outcome(JobID job) throws Exception {
        cluster.requestJobResult(job).get();
        Waiting.until(() -> LedgerArchive.INSTANCE.find(job).isPresent()); // kept a moment after the result
        return new Outcome(
                cluster.getJobStatus(job).get(),
                LedgerArchive.INSTANCE.find(job).orElseThrow());
    }

    String stopWithSavepoint(JobID job, String directory) throws Exception {
        return cluster.stopWithSavepoint(job, directory, false, SavepointFormatType.CANONICAL)
                .get();
    }

    /** How many tasks of {@code job} are in {@code state}. */
    long tasks(JobID job, ExecutionState state) {
        long count = 0;
        for (var vertex : cluster.getExecutionGraph(job).join().getAllExecutionVertices()) {
            count += vertex.getExecutionState() == state ? 1 : 0;
        }
        return count;
    }

    /** Metrics of that name in groups whose scope contains {@code scope}. */
    List<Metric> metrics(String name, String scope) {
        return reporter.getMetricsByGroup().entrySet().stream()
                .filter(group -> group.getValue().containsKey(name)
                        && group.getKey().getMetricIdentifier(name).contains(scope))
                .<Metric>map(group -> group.getValue().get(name))
                .toList();
    }

    private long buffersInUse() {
        return sum("TotalMemorySegments") - sum("AvailableMemorySegments");
    }

    private long sum(String gauge) {
        return metrics(gauge, "Status.Shuffle.Netty").stream()
                .mapToLong(metric -> ((Number) ((Gauge<?>) metric).getValue()).longValue())
                .sum();
    }

    private static List<String> ownThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> OWN_THREADS.stream().anyMatch(name::startsWith))
                .toList();
    }

    private static void assertEventually(Runnable assertion) {
        long deadline = System.nanoTime() + GRACE_NANOS;
        while (true) {
            try {
                assertion.run();
                return;
            } catch (AssertionError e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
                Waiting.pause();
            }
        }
    }
}
