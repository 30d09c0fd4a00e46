package org.apache.flink.runtime.io.network.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.exchange.AttachedEvent;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.EndOfData;
import org.apache.flink.runtime.io.network.api.EndOfPartitionEvent;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.io.network.buffer.BufferBuilder;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the next consumer is told, and that it reads whole records from there. With real buffer pools. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HoldfastSubpartitionGreetingTest {

    private static final int BUFFERS = 8;
    private static final int BUFFER_BYTES = 64;
    /** Padding with which a record takes several buffers. */
    private static final int LARGE = 3 * BUFFER_BYTES;

    @RegisterExtension
    final Producers producers = new Producers(BUFFERS, BUFFER_BYTES);

    // ------------------------------------------------------------------ the next consumer

    @Test
    void nextConsumerIsGreetedFirstWithTheRightPositions() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer);
        producer.records(5).barrier(1).records(4).flush();
        first.read().leave();
        producer.records(3).barrier(2).records(30).flush();

        ReadingTask next = new ReadingTask(producer);
        StreamPosition whenAttached = producer.written();
        producer.records(2).flush();
        next.read();

        assertThat(next.greeting().start()).isEqualTo(whenAttached).isEqualTo(records(42));
        assertThat(next.greeting().barriers().asMap()).isEqualTo(Map.of(1L, records(5), 2L, records(12)));
        assertThat(next.records()).containsExactly(42L, 43L);
    }

    @Test
    void firstConsumerOfARestartedProducerIsGreeted() throws Exception {
        ProducingTask producer = producers.attempt(1).records(3).flush();

        ReadingTask consumer = new ReadingTask(producer).read();

        assertThat(consumer.greeting().start()).isEqualTo(StreamPosition.START);
        assertThat(consumer.greeting().lastBarrier()).isEqualTo(-1);
        assertThat(consumer.greeting().watermark()).isEqualTo(Long.MIN_VALUE);
        assertThat(consumer.records()).containsExactly(0L, 1L, 2L);
    }

    @Test
    void consumerThatAttachesWhileNothingIsSentIsGreetedAtOnce() throws Exception {
        ProducingTask producer = producers.attempt(1);

        ReadingTask consumer = new ReadingTask(producer);

        assertThat(consumer.view().getAvailabilityAndBacklog(false).isAvailable())
                .as("an event needs no credit")
                .isTrue();
        assertThat(consumer.readOne()).isTrue();
        assertThat(consumer.greeting().start()).isEqualTo(StreamPosition.START);
        assertThat(consumer.view().getAvailabilityAndBacklog(true).isAvailable())
                .isFalse();
        assertThat(consumer.readOne()).isFalse();
    }

    @Test
    void barrierDiscardedWhileAwayIsToldBecauseItWillNotComeAgain() throws Exception {
        ProducingTask producer = producers.attempt(0);
        new ReadingTask(producer).leave();
        producer.records(2).barrier(6).barrier(7);

        ReadingTask next = new ReadingTask(producer).read();

        assertThat(next.greeting().lastBarrier()).isEqualTo(7);
        assertThat(next.events()).noneMatch(CheckpointBarrier.class::isInstance);
    }

    @Test
    void barrierThatComesAfterAttachingIsReadAndNotTold() throws Exception {
        ProducingTask producer = producers.attempt(0);
        new ReadingTask(producer).leave();
        producer.barrier(6);

        ReadingTask next = new ReadingTask(producer);
        producer.records(1).barrier(7);
        next.read();

        assertThat(next.greeting().lastBarrier()).isEqualTo(6);
        assertThat(next.events())
                .last()
                .isInstanceOfSatisfying(
                        CheckpointBarrier.class,
                        barrier -> assertThat(barrier.getId()).isEqualTo(7));
    }

    @Test
    void watermarkAndIdlenessDiscardedWhileAwayAreTold() throws Exception {
        ProducingTask producer = producers.attempt(0);
        new ReadingTask(producer).leave();
        producer.watermark(4_711).records(3).idle().flush();

        AttachedEvent greeting = new ReadingTask(producer).read().greeting();

        assertThat(greeting.watermark()).isEqualTo(4_711);
        assertThat(greeting.idle()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(StopMode.class)
    void endDiscardedWhileAwayIsTold(StopMode mode) throws Exception {
        ProducingTask producer = producers.attempt(0);
        new ReadingTask(producer).leave();
        producer.records(3).endOfData(mode).finish();

        ReadingTask next = new ReadingTask(producer).read();

        assertThat(next.greeting().start()).isEqualTo(records(3));
        assertThat(next.greeting().endOfData()).contains(mode);
        assertThat(next.greeting().endOfPartition()).isTrue();
        assertThat(next.events()).hasSize(1);
    }

    @Test
    void endThatComesAfterAttachingIsReadAndNotTold() throws Exception {
        ProducingTask producer = producers.attempt(0);
        new ReadingTask(producer).leave();

        ReadingTask next = new ReadingTask(producer);
        producer.endOfData(StopMode.DRAIN).finish();
        next.read();

        assertThat(next.greeting().endOfData()).isEmpty();
        assertThat(next.greeting().endOfPartition()).isFalse();
        assertThat(next.events()).hasSize(3).endsWith(new EndOfData(StopMode.DRAIN), EndOfPartitionEvent.INSTANCE);
    }

    // ------------------------------------------------------------------ broken records

    @ParameterizedTest(name = "after {0} buffers of it")
    @ValueSource(ints = {1, 2, 3})
    void consumerThatAttachesMidRecordSkipsTheRestOfIt(int buffersOfTheLargeRecord) throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer);
        producer.records(2).flush();
        first.read();
        producer.record(LARGE).records(2).flush();
        for (int i = 0; i < buffersOfTheLargeRecord; i++) {
            first.readOne();
        }
        assertThat(first.endsMidRecord()).isTrue();

        ReadingTask next = new ReadingTask(producer).read(); // faster than the news of the first one's end

        assertThat(first.records()).containsExactly(0L, 1L);
        assertThat(next.greeting().start()).isEqualTo(records(3).plus(new StreamPosition(0, LARGE)));
        assertThat(next.records()).containsExactly(3L, 4L);
        assertThat(next.endsMidRecord()).isFalse();
    }

    @Test
    void greetingWaitsUntilTheBrokenRecordHasBeenWritten() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer);
        ByteBuffer record = recordOf(BUFFER_BYTES + 20);
        producer.subpartition().writing(record);
        BufferBuilder full = producer.partition().getBufferPool().requestBufferBuilder();
        full.appendAndCommit(record);
        full.finish();
        producer.subpartition().add(full.createBufferConsumerFromBeginning(), 0);
        full.close();
        producer.flush();
        first.read().leave();

        ReadingTask next = new ReadingTask(producer);
        boolean greetedMidRecord = next.readOne();
        BufferBuilder rest = producer.partition().getBufferPool().requestBufferBuilder();
        int restBytes = rest.appendAndCommit(record);
        producer.subpartition().add(rest.createBufferConsumerFromBeginning(), restBytes);
        producer.flush();
        boolean available = next.view().getAvailabilityAndBacklog(true).isAvailable();
        next.read();
        rest.close();

        assertThat(first.endsMidRecord()).isTrue();
        assertThat(greetedMidRecord).isFalse();
        assertThat(available).isTrue();
        assertThat(next.greeting().start()).isEqualTo(new StreamPosition(1, BUFFER_BYTES + 20));
    }

    @Test
    void consumerThatLeavesBeforeItReadTheRestOfABufferLosesNoBuffer() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer);
        producer.record(LARGE).records(3).flush();
        first.readOne();
        ReadingTask second = new ReadingTask(producer);
        second.readOne(); // the greeting; behind it waits what follows the broken record in the same buffer
        second.leave();

        ReadingTask third = new ReadingTask(producer);
        producer.records(1).flush();
        third.read();

        assertThat(third.greeting().start()).isEqualTo(records(4).plus(new StreamPosition(0, LARGE)));
        assertThat(third.records()).containsExactly(4L);
    }

    // ------------------------------------------------------------------ vocabulary

    /** Where {@code count} records without padding end. */
    private static StreamPosition records(long count) {
        return new StreamPosition(count, count * ProducingTask.RECORD_BYTES);
    }

    private static List<Long> numbers(long from, int count) {
        return LongStream.range(from, from + count).boxed().toList();
    }

    private static ByteBuffer recordOf(int bytes) {
        return ByteBuffer.allocate(bytes).putInt(0, bytes - 4).put(4, (byte) 1);
    }
}
