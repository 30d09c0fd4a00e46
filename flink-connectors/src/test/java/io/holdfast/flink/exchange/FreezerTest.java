package io.holdfast.flink.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionGraphTestUtils;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.shuffle.HoldfastCommand;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Freeze;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Thaw;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a task with inputs stops, and how it gets away again. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FreezerTest {

    private final JobID job = new JobID();
    private final ExecutionAttemptID attempt = ExecutionGraphTestUtils.createExecutionAttemptId();
    private final Exchanges exchanges = new Exchanges();
    private final TaskExchange task = exchanges.of(attempt);
    private final Gate left = new Gate();
    private final Gate right = new Gate();
    private Thread taskThread;

    FreezerTest() {
        task.add(job, left);
        task.add(job, right);
    }

    @AfterEach
    void endTask() throws InterruptedException {
        task.leave();
        if (taskThread != null) {
            taskThread.join();
        }
        exchanges.close();
    }

    // ------------------------------------------------------------------ when it stops

    @Test
    void taskThatIsNotToFreezeResumes() throws Exception {
        left.deliver(5);
        right.deliver(5);

        resume().get();
    }

    @Test
    void taskFreezesWhenAllGatesHaveComeToTheBarrier() throws Exception {
        execute(new Freeze(attempt, 5));
        left.deliver(6);
        right.deliver(6);

        FutureTask<Void> resumed = resume();

        stands();
        assertThat(resumed).isNotDone();
    }

    @Test
    void resumptionOfAnOlderCheckpointDoesNotFreeze() throws Exception {
        execute(new Freeze(attempt, 5));
        left.deliver(5);
        right.deliver(4);

        resume().get();
    }

    /** The one was triggered before the trigger was stopped, and is given up for the other. */
    @Test
    void resumptionOfACheckpointThatWasSubsumedDoesNotFreeze() throws Exception {
        execute(new Freeze(attempt, 5));
        left.deliver(5);
        right.deliver(6);
        resume().get();

        left.deliver(6);
        FutureTask<Void> resumed = resume();

        stands();
        assertThat(resumed).isNotDone();
    }

    // ------------------------------------------------------------------ how it goes on

    @Test
    void thawedTaskResumes() throws Exception {
        FutureTask<Void> resumed = frozen();

        execute(new Thaw(attempt));

        resumed.get();
        resume().get();
    }

    @Test
    void taskThatIsThawedBeforeItFreezesNeverDoes() throws Exception {
        execute(new Freeze(attempt, 5));
        execute(new Thaw(attempt));
        left.deliver(5);
        right.deliver(5);

        resume().get();
    }

    @Test
    void taskThatIsOrderedToFreezeAgainGoesOnUntilThen() throws Exception {
        FutureTask<Void> resumed = frozen();

        execute(new Thaw(attempt));
        execute(new Freeze(attempt, 9));
        resumed.get();
        resume().get();
        left.deliver(9);
        right.deliver(9);
        FutureTask<Void> again = resume();

        stands();
        assertThat(again).isNotDone();
    }

    @Test
    void repeatedOrderLetsNobodyGoOn() throws Exception {
        FutureTask<Void> resumed = frozen();

        execute(new Freeze(attempt, 5));

        stands();
        assertThat(resumed).isNotDone();
    }

    // ------------------------------------------------------------------ how it leaves

    @Test
    void cancelledTaskLeaves() throws Exception {
        FutureTask<Void> resumed = frozen();

        task.leave();

        assertLeft(resumed);
    }

    @Test
    void interruptedTaskLeaves() throws Exception {
        FutureTask<Void> resumed = frozen();

        taskThread.interrupt();

        assertLeft(resumed);
    }

    @Test
    void taskThatHasLeftNeverFreezes() throws Exception {
        task.leave();
        execute(new Freeze(attempt, 5));
        left.deliver(5);
        right.deliver(5);

        resume().get();
    }

    @Test
    void taskThatIsNotHereCannotFreezeButBeThawed() {
        ExecutionAttemptID other = ExecutionGraphTestUtils.createExecutionAttemptId();

        execute(new Thaw(other));

        assertThatIllegalStateException()
                .isThrownBy(() -> execute(new Freeze(other, 5)))
                .withMessageContaining("is concerned by Freeze");
    }

    @Test
    void taskOfAnotherJobCannotFreeze() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Exchanges.execute(attempt, new JobID(), List.of(new Freeze(attempt, 5))));
    }

    // ------------------------------------------------------------------ vocabulary

    private FutureTask<Void> frozen() throws InterruptedException {
        execute(new Freeze(attempt, 5));
        left.deliver(5);
        right.deliver(5);
        FutureTask<Void> resumed = resume();
        stands();
        return resumed;
    }

    private void execute(HoldfastCommand command) {
        Exchanges.execute(attempt, job, List.of(command));
    }

    private FutureTask<Void> resume() {
        FutureTask<Void> resumed = new FutureTask<>(task::beforeResuming, null);
        taskThread = new Thread(resumed, "task");
        taskThread.start();
        return resumed;
    }

    private void stands() throws InterruptedException {
        while (taskThread.getState() != Thread.State.WAITING) {
            assertThat(taskThread.isAlive()).as("the task went on").isTrue();
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private static void assertLeft(FutureTask<Void> resumed) {
        assertThatThrownBy(resumed::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(CancelTaskException.class);
    }

    /** A gate whose channels have all delivered the same barrier. */
    private final class Gate implements TaskExchange.Input {

        private volatile long barrier = -1;

        void deliver(long id) {
            barrier = id;
            task.barrierSeen(id, false);
        }

        @Override
        public void producerLost(IntermediateResultPartitionID partition, int attempt) {}

        @Override
        public void producerAt(HoldfastShuffleDescriptor descriptor) {}

        @Override
        public boolean isBehind(long id) {
            return barrier == id;
        }
    }
}
