package org.apache.flink.runtime.io.network.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Freeze;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Thaw;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A task without inputs stops in its output. With real buffer pools. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FrozenPartitionTest {

    @RegisterExtension
    final Producers producers = new Producers(8, 64);

    private Thread taskThread;

    @AfterEach
    void noThreadIsLeft() throws InterruptedException {
        if (taskThread != null) {
            taskThread.join();
        }
    }

    @Test
    void sourceEmitsNothingBehindTheBarrier() throws Exception {
        ProducingTask source = producers.attempt(0);
        ReadingTask reader = new ReadingTask(source);
        source.execute(new Freeze(source.attempt(), 5));
        source.records(2).barrier(4).records(1);
        boolean availableBefore = source.partition().isAvailable();
        source.barrier(5);

        FutureTask<ProducingTask> emitted = stands(() -> source.records(1));
        boolean availableMeanwhile = source.partition().isAvailable();
        source.flush();
        reader.read();
        int readMeanwhile = reader.records().size();
        source.execute(new Thaw(source.attempt()));
        emitted.get().flush();
        reader.read();

        assertThat(availableBefore).isTrue();
        assertThat(availableMeanwhile).isFalse();
        assertThat(readMeanwhile).isEqualTo(3);
        assertThat(source.partition().isAvailable()).isTrue();
        assertThat(reader.records()).containsExactly(0L, 1L, 2L, 3L);
    }

    @Test
    void thawedSourceIsAskedForMore() throws Exception {
        ProducingTask source = producers.attempt(0);
        source.execute(new Freeze(source.attempt(), 5));
        source.barrier(5);
        var available = source.partition().getAvailableFuture();

        source.execute(new Thaw(source.attempt()));

        assertThat(available).isDone();
        assertThat(source.partition().isAvailable()).isTrue();
    }

    @Test
    void sourceThatIsThawedBeforeTheBarrierGoesOn() throws Exception {
        ProducingTask source = producers.attempt(0);
        source.execute(new Freeze(source.attempt(), 5));
        source.execute(new Thaw(source.attempt()));

        source.barrier(5).records(1);

        assertThat(source.partition().isAvailable()).isTrue();
    }

    @Test
    void watermarkOrNextBarrierWaits() throws Exception {
        ProducingTask source = producers.attempt(0);
        source.execute(new Freeze(source.attempt(), 5));
        source.barrier(5);

        FutureTask<ProducingTask> broadcast =
                stands(() -> source.broadcastRecord().barrier(6));
        source.execute(new Thaw(source.attempt()));

        broadcast.get();
    }

    @Test
    void endWaitsWithoutALockThatOthersNeed() throws Exception {
        ProducingTask source = producers.attempt(0);
        source.execute(new Freeze(source.attempt(), 5));
        source.barrier(5);

        FutureTask<ProducingTask> ended =
                stands(() -> source.endOfData(StopMode.DRAIN).finish());
        source.partition().onSubpartitionAllDataProcessed(0);
        source.execute(new Thaw(source.attempt()));

        ended.get();
    }

    @Test
    void cancelledSourceLeaves() throws Exception {
        ProducingTask source = producers.attempt(0);
        source.execute(new Freeze(source.attempt(), 5));
        source.barrier(5);
        FutureTask<ProducingTask> emitted = stands(() -> source.records(1));

        source.partition().fail(null); // which Flink's canceller does

        assertLeft(emitted);
    }

    @Test
    void interruptedSourceLeaves() throws Exception {
        ProducingTask source = producers.attempt(0);
        source.execute(new Freeze(source.attempt(), 5));
        source.barrier(5);
        FutureTask<ProducingTask> emitted = stands(() -> source.records(1));

        taskThread.interrupt();

        assertLeft(emitted);
    }

    private static void assertLeft(FutureTask<ProducingTask> emitted) {
        assertThatThrownBy(emitted::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(CancelTaskException.class);
    }

    /** Runs what the task does, which comes to a stop. */
    private FutureTask<ProducingTask> stands(Callable<ProducingTask> work) throws InterruptedException {
        FutureTask<ProducingTask> done = new FutureTask<>(work);
        taskThread = new Thread(done, "task");
        taskThread.start();
        while (taskThread.getState() != Thread.State.WAITING) {
            assertThat(taskThread.isAlive()).as("the task went on").isTrue();
            TimeUnit.MILLISECONDS.sleep(1);
        }
        return done;
    }
}
