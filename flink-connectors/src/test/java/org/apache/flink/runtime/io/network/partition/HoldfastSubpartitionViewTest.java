package org.apache.flink.runtime.io.network.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Views whose consumer was replaced or given up. With real buffer pools. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HoldfastSubpartitionViewTest {

    private static final int BUFFERS = 8;
    private static final int BUFFER_BYTES = 64;

    @RegisterExtension
    final Producers producers = new Producers(BUFFERS, BUFFER_BYTES);

    // ------------------------------------------------------------------ superseded views

    @Test
    void supersededViewTellsItsReader() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer);
        int notificationsBefore = first.notifications();

        new ReadingTask(producer);

        assertThat(first.notifications()).isEqualTo(notificationsBefore + 1);
        assertThat(first.view().isReleased()).isTrue();
        assertThat(first.view().getAvailabilityAndBacklog(false).isAvailable())
                .as("or a remote reader without credit would never look")
                .isTrue();
        assertThat(first.view().getNextBuffer()).isNull();
        assertThat(first.view().getFailureCause()).isInstanceOf(ProducerFailedException.class);
    }

    @Test
    void viewOfAConsumerThatWasGivenUpTellsItsReader() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = new ReadingTask(producer);
        int notificationsBefore = consumer.notifications();

        producer.subpartition().consumerLost();

        assertThat(consumer.notifications()).isEqualTo(notificationsBefore + 1);
        assertThat(consumer.view().isReleased()).isTrue();
        assertThat(consumer.view().getFailureCause()).isInstanceOf(ProducerFailedException.class);
    }

    @Test
    void lateWordsOfASupersededViewDoNotTouchItsSuccessor() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer);
        ReadingTask next = new ReadingTask(producer);
        producer.records(2).barrier(1).records(1).endOfData(StopMode.DRAIN).flush();
        while (next.events().stream().noneMatch(CheckpointBarrier.class::isInstance)) {
            next.readOne();
        }

        first.view().resumeConsumption();
        first.view().acknowledgeAllDataProcessed();
        first.leave();
        next.read();

        assertThat(next.records()).containsExactly(0L, 1L, 2L);
        assertThat(next.view().isReleased()).isFalse();
        assertThat(producer.partition().getAllDataProcessedFuture()).isNotDone();
    }

    @Test
    void consumerThatResumesWithoutABarrierIsNoError() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = new ReadingTask(producer);

        consumer.view().resumeConsumption();

        assertThat(producer.records(1).flush()).isNotNull();
        assertThat(consumer.read().records()).containsExactly(0L);
    }

    @Test
    void releasedPartitionIsNotFoundInsteadOfBreakingTheConnection() throws Exception {
        ProducingTask producer = producers.attempt(0);
        producer.partition().release();

        assertThat(catchThrowable(() -> new ReadingTask(producer))).isInstanceOf(PartitionNotFoundException.class);
    }
}
