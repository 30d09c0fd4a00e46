package io.holdfast.flink.restart;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.executiongraph.IndexRange;
import org.apache.flink.runtime.executiongraph.IntermediateResultPartition;
import org.apache.flink.runtime.io.network.partition.ResultPartitionID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobmaster.LogicalSlot;
import org.apache.flink.runtime.scheduler.strategy.ConsumedPartitionGroup;
import org.apache.flink.runtime.scheduler.strategy.ConsumerVertexGroup;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;

/** Who talks to whom, as the execution graph has it. JobMaster main thread only. */
public final class Topology implements LedgerView.Names {

    private RestartHost host;

    /** JobMaster creation thread. */
    public void start(RestartHost owner) {
        host = owner;
    }

    /** Channels that {@code vertex} reads from. */
    public List<Pair> inputs(ExecutionVertex vertex) {
        List<Pair> pairs = new ArrayList<>();
        for (ConsumedPartitionGroup group : vertex.getAllConsumedPartitionGroups()) {
            for (IntermediateResultPartitionID partition : group) {
                pairs.add(new Pair(partition, vertex.getID()));
            }
        }
        return pairs;
    }

    /** Channels that {@code vertex} writes to. */
    public List<Pair> outputs(ExecutionVertex vertex) {
        List<Pair> pairs = new ArrayList<>();
        for (IntermediateResultPartition partition :
                vertex.getProducedPartitions().values()) {
            for (ConsumerVertexGroup group : partition.getConsumerVertexGroups()) {
                for (ExecutionVertexID consumer : group) {
                    pairs.add(new Pair(partition.getPartitionId(), consumer));
                }
            }
        }
        return pairs;
    }

    /** Who produces what {@code pair} reads. */
    public ExecutionVertex producerOf(Pair pair) {
        return host.partition(pair.partition()).getProducer();
    }

    /** Where the current attempt of a pair's producer serves its partition; empty while it has no place. */
    Optional<HoldfastShuffleDescriptor> location(Pair pair) {
        return producerOf(pair)
                .getCurrentExecutionAttempt()
                .getResultPartitionDeploymentDescriptor(pair.partition())
                .map(descriptor -> (HoldfastShuffleDescriptor) descriptor.getShuffleDescriptor());
    }

    /**
     * Releases the partitions of {@code producer} if it and all who read from it have finished: nobody can come back for
     * them.
     */
    void releaseIfDone(ExecutionVertex producer) {
        if (producer.getExecutionState() != ExecutionState.FINISHED) {
            return;
        }
        for (Pair pair : outputs(producer)) {
            if (host.vertex(pair.consumer()).getExecutionState() != ExecutionState.FINISHED) {
                return;
            }
        }
        Execution execution = producer.getCurrentExecutionAttempt();
        Set<ResultPartitionID> partitions = producer.getProducedPartitions().keySet().stream()
                .map(id -> new ResultPartitionID(id, execution.getAttemptId()))
                .collect(Collectors.toSet());
        LogicalSlot slot = execution.getAssignedResource();
        if (slot != null && !partitions.isEmpty()) {
            slot.getTaskManagerGateway().releasePartitions(host.jobId(), partitions);
        }
    }

    /** Index of the subpartition that a pair's consumer reads from its producer. */
    public int subpartition(Pair pair) {
        IntermediateResultPartition partition = host.partition(pair.partition());
        Map<IndexRange, IndexRange> groups = host.vertex(pair.consumer())
                .getExecutionVertexInputInfo(partition.getIntermediateResult().getId())
                .getConsumedSubpartitionGroups();
        int number = partition.getPartitionNumber();
        for (Map.Entry<IndexRange, IndexRange> group : groups.entrySet()) {
            if (group.getKey().getStartIndex() <= number
                    && number <= group.getKey().getEndIndex()) {
                return group.getValue().getStartIndex();
            }
        }
        throw new IllegalStateException("no channel between " + pair.partition() + " and " + pair.consumer());
    }

    @Override
    public String vertex(ExecutionVertexID id) {
        return host.vertex(id).getJobVertex().getName();
    }

    @Override
    public ExecutionVertexID producer(IntermediateResultPartitionID partition) {
        return host.partition(partition).getProducer().getID();
    }
}
