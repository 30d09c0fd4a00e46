package org.apache.flink.runtime.io.network.partition;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.holdfast.flink.exchange.Exchanges;
import io.holdfast.flink.inflight.InFlightStore;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionGraphID;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.apache.flink.runtime.shuffle.HoldfastShuffleMaster;
import org.apache.flink.runtime.shuffle.PartitionDescriptor;
import org.apache.flink.runtime.shuffle.ProducerDescriptor;
import org.apache.flink.runtime.shuffle.ShuffleMasterContextImpl;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** A consumer's hold that ends while netty looks at it. */
final class HoldfastSubpartitionViewRaces {

    private HoldfastSubpartitionViewRaces() {}

    /** Flink asks why when it sees that a view is over, once: a remote consumer that is not told waits for ever. */
    @JCStressTest
    @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "before the end")
    @Outcome(
            id = "false, true",
            expect = ACCEPTABLE,
            desc = "it ends in between; the notification has Flink look again")
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "over, and the consumer is told")
    @Outcome(expect = FORBIDDEN, desc = "over, and the consumer is not told")
    @State
    public static class Ending {
        private static final HoldfastSubpartition SUBPARTITION = subpartition();

        /** Enough to be looking when it ends. */
        private static final int LOOKS = 100;

        private final HoldfastSubpartitionView view = new HoldfastSubpartitionView(SUBPARTITION, ignored -> {});

        @Actor
        public void mainThread() {
            view.end();
        }

        @Actor
        public void nettyThread(ZZ_Result seen) {
            for (int looks = 0; looks < LOOKS && !seen.r1; looks++) {
                seen.r1 = view.isReleased();
                seen.r2 = view.getFailureCause() != null;
            }
        }
    }

    private static HoldfastSubpartition subpartition() {
        ResultSubpartition[] subpartitions = new ResultSubpartition[1];
        HoldfastResultPartition partition;
        try {
            partition = new HoldfastResultPartition(
                    "producer",
                    0,
                    descriptor(),
                    ResultPartitionType.PIPELINED_BOUNDED,
                    subpartitions,
                    1,
                    new ResultPartitionManager(),
                    () -> {
                        throw new UnsupportedOperationException("Nothing is written here");
                    },
                    4_096,
                    new Exchanges(),
                    new InFlightStore(0, 0, List.of()));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        HoldfastSubpartition subpartition = new HoldfastSubpartition(0, 2, 4_096, partition);
        subpartitions[0] = subpartition;
        return subpartition;
    }

    private static HoldfastShuffleDescriptor descriptor() throws Exception {
        JobID job = new JobID();
        IntermediateDataSetID dataSet = new IntermediateDataSetID();
        ExecutionAttemptID producer =
                new ExecutionAttemptID(new ExecutionGraphID(), new ExecutionVertexID(new JobVertexID(), 0), 0);
        HoldfastShuffleMaster master =
                new HoldfastShuffleMaster(new ShuffleMasterContextImpl(new Configuration(), error -> {}));
        master.manage(job, Map.of());
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
