package io.holdfast.testing;

import io.holdfast.flink.entrypoint.HoldfastMiniCluster;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Runs a test class's jobs on a cluster in the test's own JVM, with Holdfast turned on.
 *
 * <pre>{@code
 * class MyJobTest {
 *     @RegisterExtension
 *     static final HoldfastMiniClusterExtension CLUSTER = new HoldfastMiniClusterExtension(2, 2);
 *
 *     @Test
 *     void survivesTheLossOfATaskManager() throws Exception {
 *         StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
 *         buildMyJob(env);
 *         JobID job = CLUSTER.submit(env);
 *         CLUSTER.killTaskManager(0);
 *         assertThat(CLUSTER.awaitEnd(job)).isEqualTo(JobStatus.FINISHED);
 *     }
 * }
 * }</pre>
 *
 * <p>The test brings its own Flink and the {@code holdfast-flink} jar of the same minor. One cluster serves all tests of
 * a class.
 */
public final class HoldfastMiniClusterExtension implements BeforeAllCallback, AfterAllCallback {

    private final int taskManagers;
    private final int slotsPerTaskManager;
    private final Configuration configuration;
    private HoldfastMiniCluster cluster;

    /** A cluster of {@code taskManagers} with {@code slotsPerTaskManager} each, and Holdfast's defaults. */
    public HoldfastMiniClusterExtension(int taskManagers, int slotsPerTaskManager) {
        this(taskManagers, slotsPerTaskManager, new Configuration());
    }

    /** As above, with Flink and Holdfast options of the test's own. */
    public HoldfastMiniClusterExtension(int taskManagers, int slotsPerTaskManager, Configuration configuration) {
        this.taskManagers = taskManagers;
        this.slotsPerTaskManager = slotsPerTaskManager;
        this.configuration = new Configuration(configuration);
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        Configuration complete = new Configuration(configuration);
        if (complete.getOptional(RestOptions.BIND_PORT).isEmpty()) {
            complete.set(RestOptions.BIND_PORT, "0");
        }
        cluster = new HoldfastMiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(HoldfastMiniCluster.configure(complete))
                .setNumTaskManagers(taskManagers)
                .setNumSlotsPerTaskManager(slotsPerTaskManager)
                .build());
        cluster.start();
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        cluster.close();
    }

    /** Submits what was built on {@code env}. */
    public JobID submit(StreamExecutionEnvironment env) throws Exception {
        JobGraph graph = env.getStreamGraph().getJobGraph();
        cluster.submitJob(graph).get();
        return graph.getJobID();
    }

    /** Waits until {@code job} has ended; how it ended. */
    public JobStatus awaitEnd(JobID job) throws Exception {
        cluster.requestJobResult(job).get();
        return cluster.getJobStatus(job).get();
    }

    /** The cluster, for whatever this extension does not do itself. */
    public HoldfastMiniCluster cluster() {
        return cluster;
    }

    /** Ends a TaskManager; its tasks are lost. Its index is the order in which it was started. */
    public void killTaskManager(int index) throws Exception {
        cluster.terminateTaskManager(index).get();
    }

    /** Starts one more TaskManager. */
    public void startTaskManager() throws Exception {
        cluster.startTaskManager();
    }
}
