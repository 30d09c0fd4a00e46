package io.holdfast.flink.exchange;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.shuffle.HoldfastCommand;

/** A task of a cluster in the test's JVM, to which a test speaks as a JobMaster does. */
public final class LocalTask {

    private final TaskExchange task;

    private LocalTask(TaskExchange task) {
        this.task = task;
    }

    /** All that run. */
    public static List<LocalTask> of(JobID job) {
        return Exchanges.tasksOf(job).stream().map(LocalTask::new).toList();
    }

    public ExecutionAttemptID attempt() {
        return task.attempt();
    }

    public JobVertexID vertex() {
        return attempt().getJobVertexId();
    }

    public int subtask() {
        return attempt().getSubtaskIndex();
    }

    /** Whether it reads from other tasks. */
    public boolean hasInputs() {
        return !task.inputs().isEmpty();
    }

    /** Id of the last barrier that it read, -1 if it has read none. */
    public long lastBarrier() {
        return task.lastBarrier();
    }

    public List<IntermediateResultPartitionID> partitions() {
        List<IntermediateResultPartitionID> partitions = new ArrayList<>();
        task.outputs().forEach(output -> partitions.add(output.partition()));
        return partitions;
    }

    public void execute(HoldfastCommand command) {
        Exchanges.execute(attempt(), task.jobId(), List.of(command));
    }
}
