package io.holdfast.flink.restart;

import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;

/** Two ends of a channel: the producer's partition, and who reads from it. */
public record Pair(IntermediateResultPartitionID partition, ExecutionVertexID consumer) {}
