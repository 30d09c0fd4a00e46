package org.apache.flink.runtime.io.network.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.holdfast.flink.exchange.AttachedEvent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.flink.runtime.event.AbstractEvent;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.EndOfData;
import org.apache.flink.runtime.io.network.api.EndOfPartitionEvent;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.io.network.buffer.BufferBuilder;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The sending end with real buffer pools. A producer that blocks runs into the timeout. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HoldfastSubpartitionTest {

    private static final int BUFFERS = 8;
    private static final int BUFFER_BYTES = 64;
    /** Padding with which a record takes several buffers. */
    private static final int LARGE = 3 * BUFFER_BYTES;

    private final List<ProducingTask> producers = new ArrayList<>();

    @AfterEach
    void everyBufferComesBack() {
        for (ProducingTask producer : producers) {
            producer.close();
            int leaked = producer.leakedBuffers();
            producer.destroyNetwork();
            assertThat(leaked).as("buffers that did not come back").isZero();
        }
    }

    // ------------------------------------------------------------------ the consumer is away

    @Test
    void producerNeverBlocksWhileItsConsumerIsAway() throws Exception {
        ProducingTask producer = producer(0);
        ReadingTask consumer = new ReadingTask(producer);
        producer.records(10);
        consumer.read();

        consumer.leave();
        producer.records(10_000).record(100 * LARGE).flush();

        assertThat(producer.buffersInUse()).as("the one being written, at most").isLessThanOrEqualTo(1);
        assertThat(producer.subpartition().getNumberOfQueuedBuffers()).isLessThanOrEqualTo(1);
    }

    @Test
    void producerNeverBlocksWhenItsConsumerLeavesAFullQueueBehind() throws Exception {
        ProducingTask producer = producer(0);
        ReadingTask consumer = new ReadingTask(producer);
        producer.records(BUFFERS * BUFFER_BYTES / ProducingTask.RECORD_BYTES - 1);
        int queued = producer.buffersInUse();

        consumer.leave();
        producer.records(1_000).flush();

        assertThat(queued).isGreaterThan(BUFFERS / 2);
        assertThat(producer.buffersInUse()).isLessThanOrEqualTo(1);
    }

    @Test
    void producerNeverBlocksAtABarrierThatNobodyAligns() throws Exception {
        ProducingTask producer = producer(0);
        new ReadingTask(producer).leave();

        for (long id = 1; id <= 50; id++) {
            producer.barrier(id).records(100);
        }

        assertThat(producer.buffersInUse()).isLessThanOrEqualTo(1);
    }

    @Test
    void producerNeverBlocksWhenItsConsumerLeavesBetweenBarrierAndResumption() throws Exception {
        ProducingTask producer = producer(0);
        ReadingTask consumer = new ReadingTask(producer);
        producer.barrier(1);
        producer.subpartition().pollBuffer().buffer().recycleBuffer(); // blocked until the barrier is aligned

        consumer.leave();
        producer.records(1_000).flush();

        assertThat(producer.buffersInUse()).isLessThanOrEqualTo(1);
    }

    @Test
    void producerNeverBlocksWhenItsConsumerIsGivenUp() throws Exception {
        ProducingTask producer = producer(0);
        ReadingTask consumer = new ReadingTask(producer);
        producer.records(10).flush();

        producer.subpartition().consumerLost();
        producer.records(10_000).flush();

        assertThat(producer.buffersInUse()).isLessThanOrEqualTo(1);
        assertThat(consumer.read().records()).isEmpty();
    }

    @Test
    void firstConsumerOfAFirstAttemptMayComeLateAndMissesNothing() throws Exception {
        ProducingTask producer = producer(0).records(10).flush();

        ReadingTask consumer = new ReadingTask(producer).read();

        assertThat(consumer.greeting().start()).isEqualTo(StreamPosition.START);
        assertThat(consumer.events()).as("all that is told").hasSize(1);
        assertThat(consumer.records()).containsExactlyElementsOf(numbers(0, 10));
    }

    // ------------------------------------------------------------------ the next consumer

    @Test
    void nextConsumerIsGreetedFirstWithTheRightPositions() throws Exception {
        ProducingTask producer = producer(0);
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
        ProducingTask producer = producer(1).records(3).flush();

        ReadingTask consumer = new ReadingTask(producer).read();

        assertThat(consumer.greeting().start()).isEqualTo(StreamPosition.START);
        assertThat(consumer.greeting().lastBarrier()).isEqualTo(-1);
        assertThat(consumer.greeting().watermark()).isEqualTo(Long.MIN_VALUE);
        assertThat(consumer.records()).containsExactly(0L, 1L, 2L);
    }

    @Test
    void consumerThatAttachesWhileNothingIsSentIsGreetedAtOnce() throws Exception {
        ProducingTask producer = producer(1);

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
        ProducingTask producer = producer(0);
        new ReadingTask(producer).leave();
        producer.records(2).barrier(6).barrier(7);

        ReadingTask next = new ReadingTask(producer).read();

        assertThat(next.greeting().lastBarrier()).isEqualTo(7);
        assertThat(next.events()).noneMatch(CheckpointBarrier.class::isInstance);
    }

    @Test
    void barrierThatComesAfterAttachingIsReadAndNotTold() throws Exception {
        ProducingTask producer = producer(0);
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
        ProducingTask producer = producer(0);
        new ReadingTask(producer).leave();
        producer.watermark(4_711).records(3).idle().flush();

        AttachedEvent greeting = new ReadingTask(producer).read().greeting();

        assertThat(greeting.watermark()).isEqualTo(4_711);
        assertThat(greeting.idle()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(StopMode.class)
    void endDiscardedWhileAwayIsTold(StopMode mode) throws Exception {
        ProducingTask producer = producer(0);
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
        ProducingTask producer = producer(0);
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
        ProducingTask producer = producer(0);
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
        ProducingTask producer = producer(0);
        ReadingTask first = new ReadingTask(producer);
        BufferBuilder unfinished = producer.partition().getBufferPool().requestBufferBuilder();
        unfinished.appendAndCommit(recordOf(20).slice(0, 9));
        producer.subpartition().add(unfinished.createBufferConsumerFromBeginning(), 0);
        producer.flush();
        first.read().leave();

        ReadingTask next = new ReadingTask(producer);
        boolean greetedMidRecord = next.readOne();
        unfinished.appendAndCommit(recordOf(20).slice(9, 11));
        producer.flush();
        boolean available = next.view().getAvailabilityAndBacklog(true).isAvailable();
        next.read();
        unfinished.close();

        assertThat(first.endsMidRecord()).isTrue();
        assertThat(greetedMidRecord).isFalse();
        assertThat(available).isTrue();
        assertThat(next.greeting().start()).isEqualTo(new StreamPosition(1, 20));
    }

    @Test
    void consumerThatLeavesBeforeItReadTheRestOfABufferLosesNoBuffer() throws Exception {
        ProducingTask producer = producer(0);
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

    // ------------------------------------------------------------------ the end of a consumer

    @Test
    void consumerFinishedAcknowledgesTheEndThatNobodyElseWill() throws Exception {
        ProducingTask producer = producer(1);

        producer.subpartition().consumerFinished();
        boolean doneBeforeTheEnd =
                producer.partition().getAllDataProcessedFuture().isDone();
        producer.records(1_000).endOfData(StopMode.DRAIN);

        assertThat(doneBeforeTheEnd).isFalse();
        assertThat(producer.partition().getAllDataProcessedFuture()).isDone();
    }

    @Test
    void consumerFinishedAcknowledgesAnEndThatWasSentBefore() throws Exception {
        ProducingTask producer = producer(1).records(10).endOfData(StopMode.DRAIN);

        producer.subpartition().consumerFinished();

        assertThat(producer.partition().getAllDataProcessedFuture()).isDone();
    }

    @Test
    void lostConsumerAcknowledgesNothing() throws Exception {
        ProducingTask producer = producer(0);
        new ReadingTask(producer);

        producer.subpartition().consumerLost();
        producer.records(10).endOfData(StopMode.DRAIN);

        assertThat(producer.partition().getAllDataProcessedFuture()).isNotDone();
    }

    @Test
    void consumerThatAttachesAfterTheEndAcknowledgesItItself() throws Exception {
        ProducingTask producer = producer(0);
        new ReadingTask(producer).leave();
        producer.endOfData(StopMode.DRAIN);

        ReadingTask next = new ReadingTask(producer).read();
        boolean doneByReading = producer.partition().getAllDataProcessedFuture().isDone();
        next.view().acknowledgeAllDataProcessed();

        assertThat(doneByReading).isFalse();
        assertThat(producer.partition().getAllDataProcessedFuture()).isDone();
    }

    @Test
    void finishedProducerKeepsItsPartitionForConsumersThatComeAgain() throws Exception {
        ProducingTask producer = producer(0);
        ReadingTask first = new ReadingTask(producer);
        producer.endOfData(StopMode.DRAIN).finish();
        first.read().leave();

        assertThat(producer.partition().isReleased()).isFalse();
    }

    // ------------------------------------------------------------------ superseded views

    @Test
    void supersededViewTellsItsReader() throws Exception {
        ProducingTask producer = producer(0);
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
        ProducingTask producer = producer(0);
        ReadingTask consumer = new ReadingTask(producer);
        int notificationsBefore = consumer.notifications();

        producer.subpartition().consumerLost();

        assertThat(consumer.notifications()).isEqualTo(notificationsBefore + 1);
        assertThat(consumer.view().isReleased()).isTrue();
        assertThat(consumer.view().getFailureCause()).isInstanceOf(ProducerFailedException.class);
    }

    @Test
    void lateWordsOfASupersededViewDoNotTouchItsSuccessor() throws Exception {
        ProducingTask producer = producer(0);
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
        ProducingTask producer = producer(0);
        ReadingTask consumer = new ReadingTask(producer);

        consumer.view().resumeConsumption();

        assertThat(producer.records(1).flush()).isNotNull();
        assertThat(consumer.read().records()).containsExactly(0L);
    }

    @Test
    void releasedPartitionIsNotFoundInsteadOfBreakingTheConnection() throws Exception {
        ProducingTask producer = producer(0);
        producer.partition().release();

        assertThat(catchThrowable(() -> new ReadingTask(producer))).isInstanceOf(PartitionNotFoundException.class);
    }

    // ------------------------------------------------------------------ all of it, at random

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {21, 22, 23, 24, 25, 26, 27, 28})
    void whateverHappensEveryConsumerReadsWholeRecordsFromWhereItIsTold(long seed) throws Exception {
        Random random = new Random(seed);
        ProducingTask producer = producer(0);
        Map<Long, StreamPosition> starts = new HashMap<>(Map.of(0L, StreamPosition.START)); // by record
        Map<Long, StreamPosition> barriers = new HashMap<>(); // by id
        List<ReadingTask> readers = new ArrayList<>(List.of(new ReadingTask(producer)));

        for (int step = 0; step < 2_000; step++) {
            ReadingTask current = readers.get(readers.size() - 1);
            switch (random.nextInt(10)) {
                case 0 -> {
                    if (random.nextBoolean()) {
                        readers.add(new ReadingTask(producer));
                    } else if (random.nextBoolean()) {
                        current.leave();
                    } else {
                        producer.subpartition().consumerLost();
                    }
                }
                case 1 -> {
                    long id = barriers.size();
                    producer.barrier(id);
                    barriers.put(id, producer.written());
                }
                case 2 -> producer.flush();
                case 3, 4, 5 -> current.readOne();
                default -> {
                    if (producer.buffersInUse() >= BUFFERS - 3) {
                        current.read(); // without buffers the producer would wait, as it should
                    } else {
                        producer.record(random.nextInt(random.nextInt(4) == 0 ? 2 * BUFFER_BYTES : 8));
                        starts.put(producer.written().records(), producer.written());
                    }
                }
            }
        }

        assertThat(readers).hasSizeGreaterThan(50);
        for (int i = 0; i < readers.size(); i++) {
            ReadingTask reader = readers.get(i);
            List<AbstractEvent> events = new ArrayList<>(reader.events());
            long firstRecord = 0;
            long firstBarrier = 0;
            if (reader.buffersRead() > 0) {
                events.remove(0);
                AttachedEvent greeting = reader.greeting();
                firstRecord = greeting.start().records();
                firstBarrier = greeting.lastBarrier() + 1;
                assertThat(greeting.start()).as("reader %d", i).isEqualTo(starts.get(firstRecord));
                greeting.barriers()
                        .asMap()
                        .forEach((id, position) ->
                                assertThat(position).as("barrier %d", id).isEqualTo(barriers.get(id)));
            }
            assertThat(reader.records())
                    .as("reader %d", i)
                    .containsExactlyElementsOf(
                            numbers(firstRecord, reader.records().size()));
            assertThat(events)
                    .as("reader %d", i)
                    .extracting(event -> ((CheckpointBarrier) event).getId())
                    .containsExactlyElementsOf(numbers(firstBarrier, events.size()));
        }
    }

    // ------------------------------------------------------------------ vocabulary

    private ProducingTask producer(int attempt) throws Exception {
        ProducingTask producer = new ProducingTask(attempt, BUFFERS, BUFFER_BYTES);
        producers.add(producer);
        return producer;
    }

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
