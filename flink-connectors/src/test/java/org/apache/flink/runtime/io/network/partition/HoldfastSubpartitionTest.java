package org.apache.flink.runtime.io.network.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.exchange.AttachedEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.flink.runtime.event.AbstractEvent;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sending end with real buffer pools. A producer that blocks runs into the timeout. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HoldfastSubpartitionTest {

    private static final int BUFFERS = 8;
    private static final int BUFFER_BYTES = 64;
    /** Padding with which a record takes several buffers. */
    private static final int LARGE = 3 * BUFFER_BYTES;

    @RegisterExtension
    final Producers producers = new Producers(BUFFERS, BUFFER_BYTES);

    // ------------------------------------------------------------------ the consumer is away

    @Test
    void producerNeverBlocksWhileItsConsumerIsAway() throws Exception {
        ProducingTask producer = producers.attempt(0);
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
        ProducingTask producer = producers.attempt(0);
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
        ProducingTask producer = producers.attempt(0);
        new ReadingTask(producer).leave();

        for (long id = 1; id <= 50; id++) {
            producer.barrier(id).records(100);
        }

        assertThat(producer.buffersInUse()).isLessThanOrEqualTo(1);
    }

    @Test
    void producerNeverBlocksWhenItsConsumerLeavesBetweenBarrierAndResumption() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = new ReadingTask(producer);
        producer.barrier(1);
        producer.subpartition().pollBuffer().buffer().recycleBuffer(); // blocked until the barrier is aligned

        consumer.leave();
        producer.records(1_000).flush();

        assertThat(producer.buffersInUse()).isLessThanOrEqualTo(1);
    }

    @Test
    void producerNeverBlocksWhenItsConsumerIsGivenUp() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = new ReadingTask(producer);
        producer.records(10).flush();

        producer.subpartition().consumerLost();
        producer.records(10_000).flush();

        assertThat(producer.buffersInUse()).isLessThanOrEqualTo(1);
        assertThat(consumer.read().records()).isEmpty();
    }

    @Test
    void firstConsumerOfAFirstAttemptMayComeLateAndMissesNothing() throws Exception {
        ProducingTask producer = producers.attempt(0).records(10).flush();

        ReadingTask consumer = new ReadingTask(producer).read();

        assertThat(consumer.greeting().start()).isEqualTo(StreamPosition.START);
        assertThat(consumer.events()).as("all that is told").hasSize(1);
        assertThat(consumer.records()).containsExactlyElementsOf(numbers(0, 10));
    }

    // ------------------------------------------------------------------ the end of a consumer

    @Test
    void consumerFinishedAcknowledgesTheEndThatNobodyElseWill() throws Exception {
        ProducingTask producer = producers.attempt(1);

        producer.subpartition().consumerFinished();
        boolean doneBeforeTheEnd =
                producer.partition().getAllDataProcessedFuture().isDone();
        producer.records(1_000).endOfData(StopMode.DRAIN);

        assertThat(doneBeforeTheEnd).isFalse();
        assertThat(producer.partition().getAllDataProcessedFuture()).isDone();
    }

    @Test
    void consumerFinishedAcknowledgesAnEndThatWasSentBefore() throws Exception {
        ProducingTask producer = producers.attempt(1).records(10).endOfData(StopMode.DRAIN);

        producer.subpartition().consumerFinished();

        assertThat(producer.partition().getAllDataProcessedFuture()).isDone();
    }

    @Test
    void lostConsumerAcknowledgesNothing() throws Exception {
        ProducingTask producer = producers.attempt(0);
        new ReadingTask(producer);

        producer.subpartition().consumerLost();
        producer.records(10).endOfData(StopMode.DRAIN);

        assertThat(producer.partition().getAllDataProcessedFuture()).isNotDone();
    }

    @Test
    void consumerThatAttachesAfterTheEndAcknowledgesItItself() throws Exception {
        ProducingTask producer = producers.attempt(0);
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
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer);
        producer.endOfData(StopMode.DRAIN).finish();
        first.read().leave();

        assertThat(producer.partition().isReleased()).isFalse();
    }

    // ------------------------------------------------------------------ all of it, at random

    /** In small buffers nearly every record is split, in large ones only long ones are. */
    @ParameterizedTest(name = "seed {0}, buffers of {1} bytes")
    @CsvSource({"21, 64", "22, 64", "23, 64", "24, 64", "25, 512", "26, 512", "27, 512", "28, 512"})
    void whateverHappensEveryConsumerReadsWholeRecordsFromWhereItIsTold(long seed, int bufferBytes) throws Exception {
        Random random = new Random(seed);
        ProducingTask producer = producers.attempt(0, bufferBytes);
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

    private static List<Long> numbers(long from, int count) {
        return LongStream.range(from, from + count).boxed().toList();
    }
}
