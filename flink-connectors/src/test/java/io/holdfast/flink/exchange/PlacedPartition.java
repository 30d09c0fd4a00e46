package io.holdfast.flink.exchange;

import java.net.InetAddress;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionGraphID;
import org.apache.flink.runtime.io.network.partition.ResultPartitionType;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor.Routing;
import org.apache.flink.runtime.shuffle.HoldfastShuffleMaster;
import org.apache.flink.runtime.shuffle.PartitionDescriptor;
import org.apache.flink.runtime.shuffle.ProducerDescriptor;
import org.apache.flink.runtime.shuffle.ShuffleMasterContextImpl;

/** A partition of a producer that a JobMaster has placed on some TaskManager. */
public final class PlacedPartition {

    private PlacedPartition() {}

    /** What both ends are told of the partition of a producer's attempt {@code attempt}. */
    public static HoldfastShuffleDescriptor ofAttempt(int attempt, Routing routing) throws Exception {
        JobID job = new JobID();
        IntermediateDataSetID dataSet = new IntermediateDataSetID();
        ExecutionAttemptID producer =
                new ExecutionAttemptID(new ExecutionGraphID(), new ExecutionVertexID(new JobVertexID(), 0), attempt);
        HoldfastShuffleMaster master =
                new HoldfastShuffleMaster(new ShuffleMasterContextImpl(new Configuration(), error -> {}));
        master.manage(job, Map.of(dataSet, routing));
        return (HoldfastShuffleDescriptor) master.registerPartitionWithProducer(
                        job,
                        new PartitionDescriptor(
                                dataSet,
                                1,
                                new IntermediateResultPartitionID(dataSet, 0),
                                ResultPartitionType.PIPELINED_BOUNDED,
                                1,
                                0,
                                false,
                                true,
                                false),
                        new ProducerDescriptor(ResourceID.generate(), producer, InetAddress.getLoopbackAddress(), 1))
                .get();
    }
}
