package io.holdfast.flink.restart;

import static org.apache.flink.runtime.executiongraph.ExecutionGraphTestUtils.createExecutionGraph;
import static org.apache.flink.runtime.executiongraph.ExecutionGraphTestUtils.createNoOpVertex;
import static org.apache.flink.runtime.util.JobVertexConnectionUtils.connectNewDataSetAsInput;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.concurrent.ComponentMainThreadExecutorServiceAdapter;
import org.apache.flink.runtime.executiongraph.DefaultExecutionGraph;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.executiongraph.IntermediateResultPartition;
import org.apache.flink.runtime.io.network.partition.ResultPartitionType;
import org.apache.flink.runtime.jobgraph.DistributionPattern;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.testutils.DirectScheduledExecutorService;

/**
 * The scheduler of a job in which each of two producers writes to each of two consumers. Its execution graph is real;
 * nothing is deployed by itself. Its main thread is the test's, and time passes there when the test says so.
 */
final class FakeRestartHost implements RestartHost {

    private static final int PARALLELISM = 2;

    private record Due(long atMs, Runnable work) {}

    private final JobVertex producer = createNoOpVertex("producer", PARALLELISM);
    private final JobVertex consumer = createNoOpVertex("consumer", PARALLELISM);
    private final DefaultExecutionGraph graph;

    /** Guarded by this. */
    private final List<Due> scheduled = new ArrayList<>();

    /** Guarded by this. */
    private long nowMs;

    FakeRestartHost() throws Exception {
        connectNewDataSetAsInput(
                consumer, producer, DistributionPattern.ALL_TO_ALL, ResultPartitionType.PIPELINED_BOUNDED);
        graph = createExecutionGraph(new DirectScheduledExecutorService(), producer, consumer);
        graph.start(ComponentMainThreadExecutorServiceAdapter.forMainThread());
    }

    ExecutionVertex producer(int subtask) {
        return vertex(new ExecutionVertexID(producer.getID(), subtask));
    }

    ExecutionVertex consumer(int subtask) {
        return vertex(new ExecutionVertexID(consumer.getID(), subtask));
    }

    /** What {@code vertex} writes. */
    static IntermediateResultPartitionID partitionOf(ExecutionVertex vertex) {
        return vertex.getProducedPartitions().keySet().iterator().next();
    }

    /** Lets {@code delayMs} milliseconds pass, and does what is due meanwhile. */
    void passMs(long delayMs) {
        long untilMs;
        synchronized (this) {
            untilMs = nowMs + delayMs;
        }
        for (Due next = nextDue(untilMs); next != null; next = nextDue(untilMs)) {
            next.work.run();
        }
        synchronized (this) {
            nowMs = untilMs;
        }
    }

    private synchronized Due nextDue(long untilMs) {
        Due next = null;
        for (Due due : scheduled) {
            if (due.atMs <= untilMs && (next == null || due.atMs < next.atMs)) {
                next = due;
            }
        }
        if (next != null) {
            scheduled.remove(next);
            nowMs = next.atMs;
        }
        return next;
    }

    // ------------------------------------------------------------------ RestartHost

    @Override
    public synchronized void schedule(Runnable work, long delayMs) {
        scheduled.add(new Due(nowMs + delayMs, work));
    }

    @Override
    public JobID jobId() {
        return graph.getJobID();
    }

    @Override
    public ExecutionVertex vertex(ExecutionVertexID id) {
        return graph.getJobVertex(id.getJobVertexId()).getTaskVertices()[id.getSubtaskIndex()];
    }

    @Override
    public IntermediateResultPartition partition(IntermediateResultPartitionID id) {
        return graph.getResultPartitionOrThrow(id);
    }

    @Override
    public Map<ExecutionAttemptID, Execution> executions() {
        return graph.getRegisteredExecutions();
    }

    @Override
    public Duration rpcTimeout() {
        return Duration.ofSeconds(10);
    }

    @Override
    public void execute(Runnable work) {
        throw new UnsupportedOperationException("execute");
    }

    @Override
    public long lastCheckpointId() {
        throw new UnsupportedOperationException("lastCheckpointId");
    }

    @Override
    public boolean isRunning() {
        throw new UnsupportedOperationException("isRunning");
    }

    @Override
    public void abortPendingCheckpoints() {
        throw new UnsupportedOperationException("abortPendingCheckpoints");
    }

    @Override
    public void allRunAgain() {
        throw new UnsupportedOperationException("allRunAgain");
    }

    @Override
    public void fallBack(String reason) {
        throw new UnsupportedOperationException("fallBack: " + reason);
    }
}
