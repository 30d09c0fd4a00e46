package io.holdfast.benchmarks.jobmanager;

import io.holdfast.flink.autopartition.AutoPartitionSettings;
import io.holdfast.flink.exchange.Exchanges;
import io.holdfast.flink.exchange.TaskExchange;
import io.holdfast.flink.move.MoveSettings;
import io.holdfast.flink.restart.RestartSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.PartitionInfo;
import org.apache.flink.runtime.io.network.partition.ResultPartitionID;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.scheduler.HoldfastSchedulerFactory;
import org.apache.flink.runtime.scheduler.SchedulerNGFactory;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.HoldfastReport;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.apache.flink.runtime.shuffle.HoldfastShuffleMaster;
import org.apache.flink.runtime.shuffle.ShuffleMaster;
import org.apache.flink.runtime.shuffle.ShuffleMasterContext;
import org.apache.flink.runtime.shuffle.StreamPosition;

/** Flink with Holdfast. Gates attach as soon as they are told where, and report it in one message each. */
final class HoldfastSide implements Side {

    private static final StreamPosition BARRIER = new StreamPosition(1_000, 32_000);
    private static final StreamPosition READ = new StreamPosition(1_500, 48_000);

    @Override
    public SchedulerNGFactory scheduler(Configuration configuration) {
        Configuration job = new Configuration();
        return new HoldfastSchedulerFactory(
                RestartSettings.of(configuration, job),
                AutoPartitionSettings.of(configuration, job),
                MoveSettings.of(configuration, job));
    }

    @Override
    public ShuffleMaster<?> shuffleMaster(ShuffleMasterContext context) {
        return new HoldfastShuffleMaster(context);
    }

    @Override
    public Exchange exchange(Consumer<Question> questions) {
        return new Gates(questions);
    }

    @Override
    public boolean restartsAll() {
        return false;
    }

    private static final class Gates implements Exchange {

        private final Consumer<Question> questions;
        private final Exchanges exchanges = new Exchanges();
        private final Map<ExecutionAttemptID, List<Gate>> gates = new HashMap<>();

        Gates(Consumer<Question> questions) {
            this.questions = questions;
        }

        @Override
        public void started(JobID job, ExecutionAttemptID attempt, List<IntermediateDataSetID> inputs) {
            TaskExchange task = exchanges.of(attempt);
            task.add(job, new NoOutput());
            gates.put(attempt, inputs.stream().map(Gate::new).toList());
            gates.get(attempt).forEach(gate -> task.add(job, gate));
        }

        @Override
        public void ended(ExecutionAttemptID attempt) {
            TaskExchange task = exchanges.of(attempt);
            gates.remove(attempt).forEach(gate -> exchanges.remove(task, gate));
        }

        @Override
        public void received(Iterable<PartitionInfo> message) {
            message.iterator(); // carries the commands out
            gates.forEach((attempt, all) -> all.forEach(gate -> gate.report(attempt, questions)));
        }
    }

    /** An output nobody has questions about; it makes the task known as one that takes part. */
    private static final class NoOutput implements TaskExchange.Output {

        private final IntermediateResultPartitionID partition = new IntermediateResultPartitionID();

        @Override
        public IntermediateResultPartitionID partition() {
            return partition;
        }

        @Override
        public void consumerLost(int subpartition) {}

        @Override
        public void consumerFinished(int subpartition) {}

        @Override
        public void weight(int subpartition, double weight) {}

        @Override
        public void hold(int subpartition, long from) {}

        @Override
        public void heldAt(int subpartition, long checkpoint) {}

        @Override
        public void unhold(int subpartition) {}

        @Override
        public void forget(int subpartition) {}
    }

    private static final class Gate implements TaskExchange.Input {

        private final IntermediateDataSetID dataSet;
        private final Set<ResultPartitionID> attached = new HashSet<>();
        private final List<HoldfastReport.Attached> toReport = new ArrayList<>();
        private ResultPartitionID any;

        Gate(IntermediateDataSetID dataSet) {
            this.dataSet = dataSet;
        }

        @Override
        public void producerLost(IntermediateResultPartitionID partition, int attempt) {}

        @Override
        public boolean isBehind(long from) {
            return false;
        }

        @Override
        public void producerAt(HoldfastShuffleDescriptor descriptor) {
            ResultPartitionID id = descriptor.getResultPartitionID();
            boolean mine = id.getPartitionId().getIntermediateDataSetID().equals(dataSet);
            if (mine && attached.add(id)) {
                any = id;
                toReport.add(attached(id.getPartitionId(), descriptor.attempt()));
            }
        }

        private static HoldfastReport.Attached attached(IntermediateResultPartitionID partition, int attempt) {
            BarrierPositions barriers = new BarrierPositions();
            barriers.put(1, BARRIER);
            List<HoldfastReport.Read> earlier = attempt == 0
                    ? List.of()
                    : List.of(new HoldfastReport.Read(
                            attempt - 1, StreamPosition.START, READ, barriers, StreamPosition.START));
            return new HoldfastReport.Attached(
                    partition,
                    attempt,
                    StreamPosition.START,
                    new BarrierPositions(),
                    earlier,
                    StreamPosition.START,
                    false,
                    false);
        }

        void report(ExecutionAttemptID consumer, Consumer<Question> questions) {
            if (!toReport.isEmpty()) {
                questions.accept(new Question(new HoldfastReport(dataSet, consumer, toReport), any));
                toReport.clear();
            }
        }
    }
}
