package io.holdfast.flink.restart;

import static org.apache.flink.runtime.executiongraph.ExecutionGraphTestUtils.setVertexResource;
import static org.apache.flink.runtime.executiongraph.ExecutionGraphTestUtils.setVertexState;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.exchange.Exchanges;
import io.holdfast.flink.exchange.TaskExchange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.executiongraph.PartitionInfo;
import org.apache.flink.runtime.executiongraph.utils.SimpleAckingTaskManagerGateway;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobmaster.TestingLogicalSlotBuilder;
import org.apache.flink.runtime.messages.Acknowledge;
import org.apache.flink.runtime.shuffle.HoldfastCommand;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ConsumerFinished;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ConsumerLost;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Forget;
import org.apache.flink.runtime.shuffle.HoldfastCommand.HeldAt;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Hold;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ReceiverWeight;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Unhold;
import org.apache.flink.runtime.taskmanager.LocalTaskManagerLocation;
import org.apache.flink.runtime.taskmanager.TaskManagerLocation;

/**
 * A TaskManager that remembers what its producers were told. It carries commands out as a TaskExecutor does: when the
 * message comes, and only if the attempt that it is addressed by is there. What becomes of the answer is the test's
 * word: until then there is none.
 */
final class RecordingTaskManager extends SimpleAckingTaskManagerGateway implements AutoCloseable {

    /** What came in one message, which was addressed by {@code via}. */
    record Message(ExecutionAttemptID via, List<HoldfastCommand> commands) {}

    private final JobID job;
    private final TaskManagerLocation location = new LocalTaskManagerLocation();
    private final Exchanges exchanges = new Exchanges();
    private final Map<ExecutionAttemptID, List<Told>> running = new HashMap<>();
    private final List<Message> messages = new ArrayList<>();
    private final List<CompletableFuture<Acknowledge>> unanswered = new ArrayList<>();

    /** It works for {@code job} only. */
    RecordingTaskManager(JobID job) {
        this.job = job;
    }

    ResourceID id() {
        return location.getResourceID();
    }

    /** The current attempt of {@code vertex} gets a slot here. */
    void place(ExecutionVertex vertex) {
        setVertexResource(
                vertex,
                new TestingLogicalSlotBuilder()
                        .setTaskManagerGateway(this)
                        .setTaskManagerLocation(location)
                        .createTestingLogicalSlot());
    }

    /** The current attempt of {@code vertex} runs here, and the JobMaster knows. */
    void run(ExecutionVertex vertex) {
        place(vertex);
        setVertexState(vertex, ExecutionState.RUNNING);
        ExecutionAttemptID attempt = vertex.getCurrentExecutionAttempt().getAttemptId();
        List<Told> outputs =
                vertex.getProducedPartitions().keySet().stream().map(Told::new).toList();
        outputs.forEach(output -> exchanges.of(attempt).add(job, output));
        running.put(attempt, outputs);
    }

    /** The current attempt of {@code vertex} has ended here, and the JobMaster does not know yet. */
    void end(ExecutionVertex vertex) {
        ExecutionAttemptID attempt = vertex.getCurrentExecutionAttempt().getAttemptId();
        running.remove(attempt).forEach(output -> exchanges.remove(exchanges.of(attempt), output));
    }

    /** What has come since this was last asked. */
    List<Message> messages() {
        List<Message> all = List.copyOf(messages);
        messages.clear();
        return all;
    }

    /** All that was not answered yet is answered. */
    void answer() {
        answer(answer -> answer.complete(Acknowledge.get()));
    }

    /** All that was not answered yet never will be. */
    void fail() {
        answer(answer -> answer.completeExceptionally(new TimeoutException("broken on purpose")));
    }

    private void answer(Consumer<CompletableFuture<Acknowledge>> how) {
        assertThat(unanswered).isNotEmpty();
        unanswered.forEach(how);
        unanswered.clear();
    }

    /** Forgets its tasks, which are known to the whole JVM. */
    @Override
    public void close() {
        exchanges.close();
    }

    @Override
    public CompletableFuture<Acknowledge> updatePartitions(
            ExecutionAttemptID attempt, Iterable<PartitionInfo> partitions, Duration timeout) {
        messages.add(new Message(attempt, new ArrayList<>()));
        if (running.containsKey(attempt)) {
            assertThat(partitions).isEmpty(); // whoever iterates carries the commands out
        }
        CompletableFuture<Acknowledge> answer = new CompletableFuture<>();
        unanswered.add(answer);
        return answer;
    }

    /** What is said of one partition. */
    private final class Told implements TaskExchange.Output {

        private final IntermediateResultPartitionID partition;

        Told(IntermediateResultPartitionID partition) {
            this.partition = partition;
        }

        private void told(HoldfastCommand command) {
            messages.get(messages.size() - 1).commands.add(command);
        }

        @Override
        public IntermediateResultPartitionID partition() {
            return partition;
        }

        @Override
        public void consumerLost(int subpartition) {
            told(new ConsumerLost(partition, subpartition));
        }

        @Override
        public void consumerFinished(int subpartition) {
            told(new ConsumerFinished(partition, subpartition));
        }

        @Override
        public void weight(int subpartition, double weight) {
            told(new ReceiverWeight(partition, subpartition, weight));
        }

        @Override
        public void hold(int subpartition, long from) {
            told(new Hold(partition, subpartition, from));
        }

        @Override
        public void heldAt(int subpartition, long checkpoint) {
            told(new HeldAt(partition, subpartition, checkpoint));
        }

        @Override
        public void unhold(int subpartition) {
            told(new Unhold(partition, subpartition));
        }

        @Override
        public void forget(int subpartition) {
            told(new Forget(partition, subpartition));
        }
    }
}
