package io.holdfast.flink.restart;

import static io.holdfast.flink.restart.FakeRestartHost.partitionOf;
import static org.apache.flink.runtime.executiongraph.ExecutionGraphTestUtils.setVertexState;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.restart.RecordingTaskManager.Message;
import java.util.List;
import java.util.Set;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.shuffle.HoldfastCommand;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ReceiverWeight;
import org.apache.flink.runtime.webmonitor.WeightRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Weights that do not arrive. Two producers run on one TaskManager, their two receivers on another. */
class ReceiverWeightsDeliveryTest {

    private static final long SECOND_MS = 1_000;
    private static final long LONG_MS = 60_000;

    private final FakeRestartHost host = new FakeRestartHost();
    private final RecordingTaskManager upstream = new RecordingTaskManager(host.jobId());
    private final RecordingTaskManager downstream = new RecordingTaskManager(host.jobId());
    private final ExecutionVertex one = host.producer(0);
    private final ExecutionVertex two = host.producer(1);
    private final ReceiverWeights weights = new ReceiverWeights();

    ReceiverWeightsDeliveryTest() throws Exception {}

    @BeforeEach
    void runAll() {
        upstream.run(one);
        upstream.run(two);
        downstream.run(host.consumer(0));
        downstream.run(host.consumer(1));
        weights.start(host);
        weights.choosing(Set.of(partitionOf(one).getIntermediateDataSetID()));
    }

    @AfterEach
    void forgetTasks() {
        upstream.close();
        downstream.close();
    }

    @Test
    void undeliveredWeightIsToldAgainUntilItIsDelivered() {
        weights.answer(new WeightRequest(downstream.id(), 0.5));
        List<Message> told = upstream.messages();
        upstream.fail();
        host.passMs(SECOND_MS);
        List<Message> toldAgain = upstream.messages();
        upstream.fail();
        host.passMs(SECOND_MS);
        List<Message> toldAThirdTime = upstream.messages();
        upstream.answer();
        host.passMs(LONG_MS);

        assertThat(told).hasSize(1);
        assertThat(told.get(0).commands())
                .containsExactlyInAnyOrder(
                        weight(one, 0, 0.5), weight(one, 1, 0.5), weight(two, 0, 0.5), weight(two, 1, 0.5));
        assertThat(toldAgain).isEqualTo(told);
        assertThat(toldAThirdTime).isEqualTo(told);
        assertThat(upstream.messages()).as("after it was delivered").isEmpty();
    }

    @Test
    void whatIsToldAgainIsTheWeightOfThen() {
        weights.answer(new WeightRequest(downstream.id(), 0.5));
        upstream.fail();
        weights.answer(new WeightRequest(downstream.id(), 0));
        upstream.messages();

        host.passMs(SECOND_MS);

        assertThat(upstream.messages().get(0).commands())
                .containsExactlyInAnyOrder(weight(one, 0, 0), weight(one, 1, 0), weight(two, 0, 0), weight(two, 1, 0));
    }

    @Test
    void weightAddressedByAnAttemptThatHadJustEndedIsToldThroughAnother() {
        upstream.end(one);

        weights.answer(new WeightRequest(downstream.id(), 0.5));
        List<Message> told = upstream.messages();
        upstream.answer();
        setVertexState(one, ExecutionState.FAILED);
        host.passMs(SECOND_MS);

        assertThat(told).containsExactly(new Message(attempt(one), List.of()));
        List<Message> toldAgain = upstream.messages();
        assertThat(toldAgain).extracting(Message::via).containsExactly(attempt(two));
        assertThat(toldAgain.get(0).commands()).containsExactlyInAnyOrder(weight(two, 0, 0.5), weight(two, 1, 0.5));
    }

    @Test
    void newAttemptOfAProducerIsToldAgainWhatItWasNotDelivered() {
        weights.answer(new WeightRequest(downstream.id(), 0.5));
        upstream.answer();
        host.passMs(LONG_MS);
        restart(one);
        upstream.messages();

        weights.updated(one.getCurrentExecutionAttempt());
        List<Message> told = upstream.messages();
        upstream.fail();
        host.passMs(SECOND_MS);
        List<Message> toldAgain = upstream.messages();
        upstream.answer();
        host.passMs(LONG_MS);

        assertThat(told).extracting(Message::via).containsExactly(attempt(one));
        assertThat(told.get(0).commands()).containsExactlyInAnyOrder(weight(one, 0, 0.5), weight(one, 1, 0.5));
        assertThat(toldAgain).isEqualTo(told);
        assertThat(upstream.messages()).as("after it was delivered").isEmpty();
    }

    @Test
    void tasksThatAreAboutToBeMovedGetNothingAndThenWhatTheyHadTheWeightFor() {
        weights.answer(new WeightRequest(downstream.id(), 0.5));
        upstream.answer();
        upstream.messages();

        weights.drain(List.of(downstream.id()), true);
        List<Message> drained = upstream.messages();
        upstream.answer();
        weights.drain(List.of(downstream.id()), true);
        List<Message> again = upstream.messages();
        weights.drain(List.of(downstream.id()), false);

        assertThat(drained.get(0).commands())
                .containsExactlyInAnyOrder(weight(one, 0, 0), weight(one, 1, 0), weight(two, 0, 0), weight(two, 1, 0));
        assertThat(again).isEmpty();
        assertThat(upstream.messages().get(0).commands())
                .containsExactlyInAnyOrder(
                        weight(one, 0, 0.5), weight(one, 1, 0.5), weight(two, 0, 0.5), weight(two, 1, 0.5));
    }

    private void restart(ExecutionVertex producer) {
        upstream.end(producer);
        setVertexState(producer, ExecutionState.FAILED);
        producer.resetForNewExecution();
        upstream.run(producer);
    }

    private static ExecutionAttemptID attempt(ExecutionVertex producer) {
        return producer.getCurrentExecutionAttempt().getAttemptId();
    }

    private static HoldfastCommand weight(ExecutionVertex producer, int receiver, double weight) {
        return new ReceiverWeight(partitionOf(producer), receiver, weight);
    }
}
