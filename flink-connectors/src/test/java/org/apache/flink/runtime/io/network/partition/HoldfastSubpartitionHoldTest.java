package org.apache.flink.runtime.io.network.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.holdfast.flink.exchange.AttachedEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.EndOfData;
import org.apache.flink.runtime.io.network.api.EndOfPartitionEvent;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ConsumerLost;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Forget;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Hold;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Unhold;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What lies behind a barrier is kept for the next consumer. With real buffer pools; a producer that blocks times out. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HoldfastSubpartitionHoldTest {

    private static final int BUFFERS = 8;
    private static final int BUFFER_BYTES = 64;

    @RegisterExtension
    final Producers producers = new Producers(BUFFERS, BUFFER_BYTES);

    private enum End {
        LEAVES,
        IS_LOST,
        IS_REPLACED
    }

    // ------------------------------------------------------------------ from one consumer to the next

    @ParameterizedTest
    @EnumSource(End.class)
    void nextConsumerGoesOnRightBehindTheBarrier(End end) throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer).frozen();
        hold(producer, 7);
        producer.records(5).barrier(7).records(3).flush();
        first.read();

        switch (end) {
            case LEAVES -> first.leave();
            case IS_LOST -> producer.execute(new ConsumerLost(producer.partitionId(), 0));
            case IS_REPLACED -> {}
        }
        producer.records(2).flush();
        ReadingTask next = new ReadingTask(producer).read();

        assertThat(first.records()).containsExactlyElementsOf(numbers(0, 5));
        assertThat(next.greeting().start()).isEqualTo(records(5));
        assertThat(next.greeting().lastBarrier()).as("nothing is cancelled").isEqualTo(-1);
        assertThat(next.greeting().barriers().asMap()).isEqualTo(Map.of(7L, records(5)));
        assertThat(next.records()).containsExactlyElementsOf(numbers(5, 5));
        assertThat(next.events()).as("the greeting alone").hasSize(1);
    }

    @Test
    void firstBarrierThatIsLateEnoughCounts() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer);
        hold(producer, 7);
        producer.records(1).barrier(6).records(1).barrier(8).records(1).flush();

        first.read().leave();
        ReadingTask next = new ReadingTask(producer).read();

        assertThat(first.records()).containsExactly(0L, 1L);
        assertThat(next.records()).containsExactly(2L);
    }

    @Test
    void nextConsumerHearsTheWatermarkThatLiesBeforeTheBarrier() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer);
        hold(producer, 1);
        producer.records(1).watermark(4_711).idle().barrier(1).watermark(5_000).flush();
        first.read().leave();

        AttachedEvent greeting = new ReadingTask(producer).read().greeting();

        assertThat(greeting.watermark()).isEqualTo(4_711);
        assertThat(greeting.idle()).isTrue();
    }

    @Test
    void endBehindTheBarrierIsForTheNextConsumer() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer).frozen();
        hold(producer, 1);
        producer.records(2).barrier(1).records(2).endOfData(StopMode.DRAIN).finish();
        first.read().leave();

        ReadingTask next = new ReadingTask(producer).read();
        boolean doneByReading = producer.partition().getAllDataProcessedFuture().isDone();
        next.view().acknowledgeAllDataProcessed();

        assertThat(next.greeting().endOfData()).isEmpty();
        assertThat(next.records()).containsExactly(2L, 3L);
        assertThat(next.events()).hasSize(3).endsWith(new EndOfData(StopMode.DRAIN), EndOfPartitionEvent.INSTANCE);
        assertThat(doneByReading).isFalse();
        assertThat(producer.partition().getAllDataProcessedFuture()).isDone();
    }

    @Test
    void barriersOfTheNextConsumerBlockAsEver() throws Exception {
        ProducingTask producer = producers.attempt(0);
        hold(producer, 1);
        ReadingTask first = new ReadingTask(producer).frozen();
        producer.barrier(1).records(1).barrier(2).records(1).flush();
        first.read().leave();

        ReadingTask next = new ReadingTask(producer).frozen().read();
        List<Long> before = next.records();
        next.thawed().read();

        assertThat(before).containsExactly(0L);
        assertThat(next.records()).containsExactly(0L, 1L);
    }

    @Test
    void nothingIsSentWhereItWouldWait() throws Exception {
        ProducingTask producer = producers.choosing(2);
        ReadingTask first = new ReadingTask(producer, 0);
        ReadingTask other = new ReadingTask(producer, 1);
        producer.execute(new Hold(producer.partitionId(), 0, 1));
        producer.barrier(1);
        first.frozen().read();
        other.read();

        producer.records(3).flush();
        List<Long> elsewhere = other.read().records();
        first.leave();
        new ReadingTask(producer, 0).read();
        producer.execute(new Hold(producer.partitionId(), 1, 2));
        producer.barrier(2);
        other.read();
        producer.records(1).flush();

        assertThat(elsewhere).containsExactlyElementsOf(numbers(0, 3));
        assertThat(other.read().records()).as("held in its turn").hasSize(3);
    }

    // ------------------------------------------------------------------ given up

    /** Thaw and Unhold go to different TaskManagers: either may be first. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void consumerGoesOnWhereItStoppedWhenTheHoldIsGivenUp(boolean resumesFirst) throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = new ReadingTask(producer).frozen();
        hold(producer, 1);
        producer.records(2).barrier(1).records(2).flush();
        consumer.read();

        if (resumesFirst) {
            consumer.thawed().read();
            assertThat(consumer.records()).as("still held").hasSize(2);
        }
        int notified = consumer.notifications();
        producer.execute(new Unhold(producer.partitionId(), 0));
        if (resumesFirst) {
            assertThat(consumer.notifications()).isGreaterThan(notified);
        } else {
            assertThat(consumer.read().records()).as("still at the barrier").hasSize(2);
            consumer.thawed();
        }
        producer.records(1).barrier(2).records(1).flush();
        consumer.read();

        assertThat(consumer.records()).containsExactlyElementsOf(numbers(0, 6));
    }

    @Test
    void holdThatIsGivenUpWithoutAConsumerIsALoss() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer).frozen();
        hold(producer, 1);
        producer.records(2).barrier(1).records(3).flush();
        first.read().leave();

        producer.execute(new Unhold(producer.partitionId(), 0));
        producer.records(1_000).flush();
        ReadingTask next = new ReadingTask(producer);
        producer.records(1).flush();
        next.read();

        assertThat(next.greeting().start()).isEqualTo(records(1_005));
        assertThat(next.greeting().lastBarrier()).isEqualTo(1);
        assertThat(next.records()).containsExactly(1_005L);
    }

    @Test
    void consumerThatGoesBeforeTheBarrierIsALoss() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer);
        hold(producer, 1);
        producer.records(2).flush();
        first.read().leave();

        producer.records(1_000).barrier(1).records(1_000).flush();
        ReadingTask next = new ReadingTask(producer).read();

        assertThat(next.greeting().start()).isEqualTo(records(2_002));
        assertThat(next.greeting().lastBarrier()).isEqualTo(1);
    }

    @Test
    void consumerThatIsReplacedBeforeTheBarrierEndsTheHold() throws Exception {
        ProducingTask producer = producers.attempt(0);
        new ReadingTask(producer).read();
        hold(producer, 1);

        ReadingTask next = new ReadingTask(producer);
        producer.records(1).barrier(1).records(1).flush();
        next.read();

        assertThat(next.records()).containsExactly(0L, 1L);
    }

    @Test
    void consumerThatComesFirstAfterTheHoldWasOrderedIsHeld() throws Exception {
        ProducingTask producer = producers.attempt(0);
        hold(producer, 1);

        ReadingTask first = new ReadingTask(producer);
        producer.records(1).barrier(1).records(1).flush();
        first.read();

        assertThat(first.records()).containsExactly(0L);
    }

    @Test
    void nothingCanBeHeldFromAConsumerThatIsLost() throws Exception {
        ProducingTask producer = producers.attempt(0);
        new ReadingTask(producer).leave();

        assertThatIllegalStateException()
                .isThrownBy(() -> hold(producer, 1))
                .withMessageContaining("its consumer is lost");
    }

    @Test
    void whatIsNotHereIsNotHeldButMayBeGivenUp() throws Exception {
        ProducingTask producer = producers.attempt(0);
        IntermediateResultPartitionID elsewhere = new IntermediateResultPartitionID(new IntermediateDataSetID(), 0);

        producer.execute(new Unhold(elsewhere, 0));
        producer.execute(new Forget(elsewhere, 0));

        assertThatIllegalStateException()
                .isThrownBy(() -> producer.execute(new Hold(elsewhere, 0, 1)))
                .withMessageContaining("is concerned by Hold");
    }

    @Test
    void commandsMayBeRepeated() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer).frozen();
        hold(producer, 1);
        hold(producer, 1);
        producer.records(1).barrier(1).records(1).flush();
        first.read();
        hold(producer, 1);
        first.leave();
        hold(producer, 1);
        ReadingTask next = new ReadingTask(producer).read();
        producer.execute(new Unhold(producer.partitionId(), 0)); // too late
        producer.execute(new Unhold(producer.partitionId(), 0));
        producer.records(1).barrier(2).records(1).flush();

        assertThat(next.read().records()).containsExactly(1L, 2L, 3L);
    }

    @Test
    void whatIsHeldIsGivenBackWhenTheProducerEnds() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask first = new ReadingTask(producer).frozen();
        hold(producer, 1);
        producer.barrier(1).records(10).flush();
        first.read().leave();

        producer.close();

        assertThat(producer.buffersInUse()).isZero();
    }

    // ------------------------------------------------------------------ all of it, at random

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {31, 32, 33, 34})
    void whateverHappensNothingIsLostOrRepeated(long seed) throws Exception {
        Random random = new Random(seed);
        ProducingTask producer = producers.attempt(0);
        List<ReadingTask> readers = new ArrayList<>(List.of(new ReadingTask(producer)));
        long barrier = 0;
        int swaps = 0;

        for (int round = 0; round < 200; round++) {
            ReadingTask current = readers.get(readers.size() - 1);
            some(producer, current, random);
            barrier++;
            hold(producer, barrier);
            producer.barrier(barrier);
            current.frozen().read();
            for (int step = random.nextInt(6); step > 0; step--) {
                producer.record(random.nextInt(BUFFER_BYTES));
                if (random.nextBoolean()) {
                    producer.flush();
                }
                current.readOne();
            }
            if (random.nextBoolean()) {
                if (random.nextBoolean()) {
                    current.leave();
                }
                readers.add(new ReadingTask(producer));
                swaps++;
            } else {
                producer.execute(new Unhold(producer.partitionId(), 0));
                current.thawed();
            }
        }
        producer.flush();
        readers.get(readers.size() - 1).read();

        assertThat(swaps).isGreaterThan(50);
        List<Long> all = new ArrayList<>();
        for (ReadingTask reader : readers) {
            all.addAll(reader.records());
            assertThat(reader.endsMidRecord()).isFalse();
            assertThat(reader.events().stream().skip(1)).allMatch(CheckpointBarrier.class::isInstance);
        }
        assertThat(all)
                .containsExactlyElementsOf(numbers(0, (int) producer.written().records()));
    }

    private static void some(ProducingTask producer, ReadingTask reader, Random random) throws Exception {
        for (int step = random.nextInt(10); step > 0; step--) {
            producer.record(random.nextInt(2 * BUFFER_BYTES));
            if (random.nextBoolean()) {
                producer.flush();
            }
            reader.read();
        }
    }

    // ------------------------------------------------------------------ vocabulary

    private static void hold(ProducingTask producer, long from) {
        producer.execute(new Hold(producer.partitionId(), 0, from));
    }

    /** Where {@code count} records without padding end. */
    private static StreamPosition records(long count) {
        return new StreamPosition(count, count * ProducingTask.RECORD_BYTES);
    }

    private static List<Long> numbers(long from, int count) {
        return LongStream.range(from, from + count).boxed().toList();
    }
}
