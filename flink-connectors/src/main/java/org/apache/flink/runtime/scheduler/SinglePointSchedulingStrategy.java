package org.apache.flink.runtime.scheduler;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.scheduler.strategy.PipelinedRegionSchedulingStrategy;
import org.apache.flink.runtime.scheduler.strategy.SchedulingExecutionVertex;
import org.apache.flink.runtime.scheduler.strategy.SchedulingStrategy;
import org.apache.flink.runtime.scheduler.strategy.SchedulingTopology;

/**
 * Starts a job by regions as Flink does, and restarts exactly the tasks it is given: Flink's own refuses a part of a
 * region. JobMaster main thread.
 *
 * <p>Flink class beside it: {@link PipelinedRegionSchedulingStrategy}, read at 2.2.1 and 2.3.0.
 */
final class SinglePointSchedulingStrategy implements SchedulingStrategy {

    private final SchedulerOperations operations;
    private final SchedulingTopology topology;
    private final PipelinedRegionSchedulingStrategy stock;

    SinglePointSchedulingStrategy(SchedulerOperations operations, SchedulingTopology topology) {
        this.operations = operations;
        this.topology = topology;
        this.stock = new PipelinedRegionSchedulingStrategy(operations, topology);
    }

    @Override
    public void startScheduling() {
        stock.startScheduling();
    }

    /** Producers come before their consumers, for a consumer is told where its producers are when it is deployed. */
    @Override
    public void restartTasks(Set<ExecutionVertexID> vertices) {
        if (vertices.size() == 1) {
            operations.allocateSlotsAndDeploy(new ArrayList<>(vertices));
            return;
        }
        List<ExecutionVertexID> sorted = new ArrayList<>(vertices.size());
        for (SchedulingExecutionVertex vertex : topology.getVertices()) {
            if (vertices.contains(vertex.getId())) {
                sorted.add(vertex.getId());
            }
        }
        operations.allocateSlotsAndDeploy(sorted);
    }

    @Override
    public void onExecutionStateChange(ExecutionVertexID vertex, ExecutionState state) {
        stock.onExecutionStateChange(vertex, state);
    }

    @Override
    public void onPartitionConsumable(IntermediateResultPartitionID partition) {
        stock.onPartitionConsumable(partition);
    }
}
