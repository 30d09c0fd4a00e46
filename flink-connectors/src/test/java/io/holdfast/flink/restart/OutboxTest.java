package io.holdfast.flink.restart;

import static io.holdfast.flink.restart.FakeRestartHost.partitionOf;
import static org.apache.flink.runtime.executiongraph.ExecutionGraphTestUtils.setVertexState;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.restart.RecordingTaskManager.Message;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.shuffle.HoldfastCommand;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ConsumerFinished;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ConsumerLost;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OutboxTest {

    private static final long SECOND_MS = 1_000;
    private static final long LONG_MS = 60_000;

    private final FakeRestartHost host = new FakeRestartHost();
    private final RecordingTaskManager first = new RecordingTaskManager(host.jobId());
    private final RecordingTaskManager second = new RecordingTaskManager(host.jobId());
    private final ExecutionVertex one = host.producer(0);
    private final ExecutionVertex two = host.producer(1);
    private final Outbox outbox = new Outbox(host);

    /** Threads on which all was to be said again. */
    private final List<Thread> again = new ArrayList<>();

    OutboxTest() throws Exception {}

    @AfterEach
    void forgetTasks() {
        first.close();
        second.close();
    }

    // ------------------------------------------------------------------ again

    @Test
    void undeliveredCommandsAreSaidAgainOnTheMainThreadASecondLater() throws Exception {
        first.run(one);
        send(one);

        onAnotherThread(first::fail);
        host.passMs(SECOND_MS - 1);
        List<Thread> before = List.copyOf(again);
        host.passMs(1);

        assertThat(before).isEmpty();
        assertThat(again).containsExactly(Thread.currentThread());
    }

    @Test
    void commandsAreNotSaidAgainWhileTheirAnswerMayStillCome() {
        first.run(one);
        send(one);

        host.passMs(LONG_MS);
        List<Thread> unanswered = List.copyOf(again);
        first.fail();
        host.passMs(SECOND_MS);

        assertThat(unanswered).isEmpty();
        assertThat(again).hasSize(1);
    }

    @Test
    void allIsSaidAgainOnceHoweverManyTaskManagersFail() {
        first.run(one);
        second.run(two);
        send(one, two);

        first.fail();
        host.passMs(SECOND_MS / 2);
        second.fail();
        host.passMs(LONG_MS);

        assertThat(again).hasSize(1);
    }

    @Test
    void oneTaskManagerThatFailsIsEnough() {
        first.run(one);
        second.run(two);
        send(one, two);

        first.answer();
        second.fail();
        host.passMs(SECOND_MS);

        assertThat(again).hasSize(1);
    }

    @Test
    void deliveredCommandsAreSaidAgainIfTheAttemptThatTheyWereAddressedByIsGone() {
        first.run(one);
        send(one);

        first.answer(); // as it does, too, if it does not know the attempt
        host.passMs(SECOND_MS - 1);
        setVertexState(one, ExecutionState.FAILED);
        host.passMs(1);

        assertThat(again).hasSize(1);
    }

    @Test
    void deliveredCommandsAreNotSaidAgain() {
        first.run(one);
        send(one);

        first.answer();
        host.passMs(SECOND_MS);
        setVertexState(one, ExecutionState.FAILED); // too late to have kept them from being carried out
        host.passMs(LONG_MS);

        assertThat(again).isEmpty();
    }

    @Test
    void commandsThatGatesReportAreNotSaidAgain() {
        first.run(one);
        outbox.add(one.getCurrentExecutionAttempt(), lost(one));
        outbox.send();

        first.fail();
        host.passMs(LONG_MS);

        assertThat(first.messages()).hasSize(1);
    }

    // ------------------------------------------------------------------ to whom

    @ParameterizedTest
    @EnumSource(names = {"INITIALIZING", "RUNNING"})
    void taskThatIsThereIsTold(ExecutionState state) {
        first.run(one);
        setVertexState(one, state);

        send(one);

        assertThat(first.messages()).containsExactly(message(one, lost(one)));
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"INITIALIZING", "RUNNING"})
    void taskThatIsNotThereIsNotTold(ExecutionState state) {
        first.place(one);
        setVertexState(one, state);

        send(one);
        host.passMs(LONG_MS);

        assertThat(first.messages()).isEmpty();
        assertThat(again).isEmpty();
    }

    @Test
    void taskWithoutASlotIsNotTold() {
        setVertexState(one, ExecutionState.RUNNING);

        send(one);
        host.passMs(LONG_MS);

        assertThat(again).isEmpty();
    }

    @Test
    void taskThatIsNotThereKeepsNoOtherFromBeingTold() {
        first.place(one);
        first.run(two);

        send(one, two);

        assertThat(first.messages()).containsExactly(message(two, lost(two)));
    }

    // ------------------------------------------------------------------ messages

    @Test
    void commandsForOneTaskManagerGoInOneMessage() {
        first.run(one);
        first.run(two);

        outbox.add(two.getCurrentExecutionAttempt(), lost(two));
        outbox.add(one.getCurrentExecutionAttempt(), lost(one));
        outbox.add(two.getCurrentExecutionAttempt(), finished(two));
        outbox.send();

        List<Message> messages = first.messages();
        assertThat(messages).hasSize(1);
        assertThat(messages.get(0).via())
                .as("the first of them")
                .isEqualTo(two.getCurrentExecutionAttempt().getAttemptId());
        assertThat(messages.get(0).commands())
                .containsExactlyInAnyOrder(lost(two), lost(one), finished(two))
                .containsSubsequence(lost(two), finished(two));
    }

    @Test
    void eachTaskManagerGetsItsOwn() {
        first.run(one);
        second.run(two);

        send(one, two);

        assertThat(first.messages()).containsExactly(message(one, lost(one)));
        assertThat(second.messages()).containsExactly(message(two, lost(two)));
    }

    @Test
    void whatIsSaidTwiceIsSentOnce() {
        first.run(one);

        outbox.add(one.getCurrentExecutionAttempt(), lost(one));
        outbox.add(one.getCurrentExecutionAttempt(), finished(one));
        outbox.add(one.getCurrentExecutionAttempt(), lost(one));
        outbox.send();

        assertThat(first.messages()).containsExactly(message(one, lost(one), finished(one)));
    }

    // ------------------------------------------------------------------ words

    /** Tells each of {@code targets} something. */
    private void send(ExecutionVertex... targets) {
        for (ExecutionVertex target : targets) {
            outbox.add(target.getCurrentExecutionAttempt(), lost(target));
        }
        outbox.send(() -> again.add(Thread.currentThread()));
    }

    private static void onAnotherThread(Runnable work) throws InterruptedException {
        Thread other = new Thread(work);
        other.start();
        other.join();
    }

    private static Message message(ExecutionVertex via, HoldfastCommand... commands) {
        return new Message(via.getCurrentExecutionAttempt().getAttemptId(), List.of(commands));
    }

    private static HoldfastCommand lost(ExecutionVertex producer) {
        return new ConsumerLost(partitionOf(producer), 0);
    }

    private static HoldfastCommand finished(ExecutionVertex producer) {
        return new ConsumerFinished(partitionOf(producer), 1);
    }
}
