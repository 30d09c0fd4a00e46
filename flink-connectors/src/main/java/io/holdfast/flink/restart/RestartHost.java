package io.holdfast.flink.restart;

import java.time.Duration;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.executiongraph.IntermediateResultPartition;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;

/** What {@link SinglePointRestart} needs of the scheduler around it. JobMaster main thread only, unless a method says otherwise. */
public interface RestartHost {

    JobID jobId();

    ExecutionVertex vertex(ExecutionVertexID id);

    IntermediateResultPartition partition(IntermediateResultPartitionID id);

    Map<ExecutionAttemptID, Execution> executions();

    /** Highest checkpoint id handed out so far, -1 if none. */
    long lastCheckpointId();

    Duration rpcTimeout();

    /** Whether the job is RUNNING: neither restarting as a whole, nor ending. */
    boolean isRunning();

    /** Runs {@code work} on the main thread, after what runs now. */
    void execute(Runnable work);

    /** Any thread. Runs {@code work} on the main thread after {@code delayMs} milliseconds. */
    void schedule(Runnable work, long delayMs);

    /** Aborts all checkpoints and savepoints that are under way. */
    void abortPendingCheckpoints();

    /** Every lost task runs again. */
    void allRunAgain();

    /** Restarts the job as stock Flink does, for {@code reason}. */
    void fallBack(String reason);
}
