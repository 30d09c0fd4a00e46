package io.holdfast.benchmarks.jobmanager;

import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.PartitionInfo;
import org.apache.flink.runtime.io.network.partition.ResultPartitionID;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.scheduler.DefaultSchedulerFactory;
import org.apache.flink.runtime.scheduler.SchedulerNGFactory;
import org.apache.flink.runtime.shuffle.NettyShuffleMaster;
import org.apache.flink.runtime.shuffle.ShuffleMaster;
import org.apache.flink.runtime.shuffle.ShuffleMasterContext;

/** What differs between a JobMaster with Holdfast and one without. */
interface Side {

    SchedulerNGFactory scheduler(Configuration configuration);

    ShuffleMaster<?> shuffleMaster(ShuffleMasterContext context);

    /** A TaskManager's part in the exchange of data; it asks the JobMaster {@code questions}. */
    Exchange exchange(Consumer<Question> questions);

    /** Whether the loss of one task restarts all that are connected with it. */
    boolean restartsAll();

    /** What a TaskManager asks a JobMaster about a partition. */
    record Question(IntermediateDataSetID dataSet, ResultPartitionID partition) {}

    /** The tasks of one TaskManager as those who exchange data. One thread at a time. */
    interface Exchange {

        void started(JobID job, ExecutionAttemptID attempt, List<IntermediateDataSetID> inputs);

        void ended(ExecutionAttemptID attempt);

        /** A message of the JobMaster, as it was received. */
        void received(Iterable<PartitionInfo> message);
    }

    /** Flink as it is. */
    final class Stock implements Side {

        @Override
        public SchedulerNGFactory scheduler(Configuration configuration) {
            return new DefaultSchedulerFactory();
        }

        @Override
        public ShuffleMaster<?> shuffleMaster(ShuffleMasterContext context) {
            return new NettyShuffleMaster(context);
        }

        @Override
        public Exchange exchange(Consumer<Question> questions) {
            return new Exchange() {
                @Override
                public void started(JobID job, ExecutionAttemptID attempt, List<IntermediateDataSetID> inputs) {}

                @Override
                public void ended(ExecutionAttemptID attempt) {}

                @Override
                public void received(Iterable<PartitionInfo> message) {}
            };
        }

        @Override
        public boolean restartsAll() {
            return true;
        }
    }
}
