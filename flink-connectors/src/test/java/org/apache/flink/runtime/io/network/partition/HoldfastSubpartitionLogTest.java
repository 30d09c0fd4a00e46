package org.apache.flink.runtime.io.network.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.inflight.InFlightStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.flink.runtime.event.AbstractEvent;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.EndOfData;
import org.apache.flink.runtime.io.network.api.EndOfPartitionEvent;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ConsumerLost;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Forget;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Hold;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Unhold;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is held does not stop the producer, and what was read may be read again. A producer that blocks times out. */
@Timeout(value = 10, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HoldfastSubpartitionLogTest {

    private static final int BUFFERS = 8;
    private static final int BUFFER_BYTES = 512;
    private static final long PLENTY = 64 << 20;

    /** So little that nearly everything is written to files at once. */
    private static final long LITTLE = 8_000;

    @RegisterExtension
    final Producers producers = new Producers(BUFFERS, BUFFER_BYTES);

    @TempDir
    Path directory;

    private InFlightStore store;

    // ------------------------------------------------------------------ overflow

    @ParameterizedTest(name = "{0} bytes of memory")
    @ValueSource(longs = {PLENTY, LITTLE})
    void producerDoesNotWaitForAConsumerThatIsHeld(long memory) throws Exception {
        ProducingTask producer = keepingIn(memory, PLENTY);
        ReadingTask first = held(producer, 5);

        produce(producer, 10_000);
        first.leave();
        while (producer.buffersInUse() > 3) { // two that wait, and the open one
            TimeUnit.MILLISECONDS.sleep(1);
        }
        ReadingTask next = new ReadingTask(producer);
        int backlog = next.view().getAvailabilityAndBacklog(true).getBacklog();
        readAll(next, 10_000);

        assertThat(store.diskUsed() > 0).isEqualTo(memory == LITTLE);
        assertThat(backlog).as("the consumer is to grant credits for").isGreaterThan(200);
        assertThat(next.greeting().start()).isEqualTo(records(5));
        assertThat(next.records()).containsExactlyElementsOf(numbers(5, 10_000));
        assertThat(next.counted())
                .as("buffers of which was said what they hold")
                .isGreaterThan(200);
    }

    @Test
    void queueThatWasFullWhenTheBarrierLeftOverflows() throws Exception {
        ProducingTask producer = keepingIn(PLENTY, 0);
        ReadingTask first = new ReadingTask(producer).frozen();
        hold(producer, 1);
        producer.barrier(1);
        while (producer.buffersInUse() < BUFFERS) {
            producer.record(BUFFER_BYTES / 2);
        }

        first.read();

        assertThat(producer.buffersInUse()).isLessThanOrEqualTo(3);
    }

    @Test
    void barrierThatWasKeptBlocksWhenItLeaves() throws Exception {
        ProducingTask producer = keepingIn(PLENTY, 0);
        ReadingTask first = held(producer, 0);
        produce(producer, 500);
        producer.barrier(2);
        produce(producer, 500);
        first.leave();

        ReadingTask next = new ReadingTask(producer).frozen().read();
        List<Long> before = next.records();
        boolean available = next.view().getAvailabilityAndBacklog(true).isAvailable();
        next.thawed();
        boolean availableBehind = next.view().getAvailabilityAndBacklog(true).isAvailable();
        next.read();

        assertThat(before).containsExactlyElementsOf(numbers(0, 500));
        assertThat(available).isFalse();
        assertThat(availableBehind).isTrue();
        assertThat(next.records()).containsExactlyElementsOf(numbers(0, 1_000));
        assertThat(next.events()).hasSize(2);
    }

    @Test
    void consumerThatGoesOnGetsWhatWasKeptFirst() throws Exception {
        ProducingTask producer = keepingIn(PLENTY, 0);
        ReadingTask first = held(producer, 3);
        produce(producer, 1_000);

        producer.execute(new Unhold(producer.partitionId(), 0));
        first.thawed();
        produce(producer, 5);
        first.read();

        assertThat(first.records()).containsExactlyElementsOf(numbers(0, 1_008));
        assertThat(store.memoryUsed()).isZero();
    }

    @Test
    void holdThatIsGivenUpWithoutAConsumerLosesWhatWasKept() throws Exception {
        ProducingTask producer = keepingIn(LITTLE, PLENTY);
        ReadingTask first = held(producer, 3);
        produce(producer, 1_000);
        producer.barrier(2);
        produce(producer, 1_000);
        first.leave();

        producer.execute(new Unhold(producer.partitionId(), 0));
        ReadingTask next = new ReadingTask(producer).read();

        assertThat(next.greeting().start()).isEqualTo(records(2_003));
        assertThat(next.greeting().lastBarrier()).isEqualTo(2);
        assertThat(next.greeting().barriers().at(2)).contains(records(1_003));
        assertThat(store.memoryUsed()).isZero();
    }

    @Test
    void producerWaitsWhenTheLogIsFullAndNothingIsLost() throws Exception {
        ProducingTask producer = keepingIn(LITTLE, 0);
        ReadingTask first = held(producer, 0);
        FutureTask<Void> produced = new FutureTask<>(() -> {
            produce(producer, 3_000);
            return null;
        });
        Thread task = new Thread(produced, "producer");
        task.start();
        while (task.getState() != Thread.State.WAITING) {
            assertThat(task.isAlive()).as("the producer did not wait").isTrue();
            TimeUnit.MILLISECONDS.sleep(1);
        }
        first.leave();

        ReadingTask next = new ReadingTask(producer);
        while (!produced.isDone()) {
            next.readOne();
        }
        producer.execute(new Forget(producer.partitionId(), 0));

        assertThat(store.refused()).isPositive();
        assertThat(next.read().records()).containsExactlyElementsOf(numbers(0, 3_000));
    }

    @Test
    void producerThatWaitsGoesOnWhenAnotherLogMakesRoom() throws Exception {
        ProducingTask other = keepingIn(LITTLE, 0);
        held(other, 0);
        produce(other, 400);
        ProducingTask producer = producers.attempt(0);
        held(producer, 0);
        int inUse = 0;
        while (inUse < BUFFERS) {
            producer.record(BUFFER_BYTES / 2);
            inUse = producer.buffersInUse();
        }

        other.execute(new Unhold(other.partitionId(), 0));
        other.execute(new ConsumerLost(other.partitionId(), 0));

        while (producer.buffersInUse() > 3) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    // ------------------------------------------------------------------ retention

    @ParameterizedTest(name = "{0} bytes of memory")
    @ValueSource(longs = {PLENTY, 2 * LITTLE})
    void consumerThatIsLostEarlyIsReplacedWithoutLoss(long memory) throws Exception {
        ProducingTask producer = keepingIn(memory, PLENTY);
        ReadingTask first = held(producer, 5);
        produce(producer, 1_000);
        first.leave();
        List<ReadingTask> next = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            ReadingTask reader = new ReadingTask(producer);
            next.add(reader);
            if (i < 3) {
                produce(producer, 100);
                reader.readOne();
                reader.readOne();
                readAll(reader, 1_000 + 107 * i + 100);
                produce(producer, 7);
                readAll(reader, 1_000 + 107 * (i + 1));
                switch (i) {
                    case 0 -> reader.leave();
                    case 1 -> producer.execute(new ConsumerLost(producer.partitionId(), 0));
                    default -> {} // the next is faster than the news
                }
            }
        }
        readAll(next.get(3), 1_000 + 107 * 3);

        for (int i = 0; i < 4; i++) {
            assertThat(next.get(i).greeting().start()).isEqualTo(records(5));
            assertThat(next.get(i).greeting().lastBarrier()).isEqualTo(-1);
            assertThat(next.get(i).records())
                    .as("consumer %d", i)
                    .containsExactlyElementsOf(numbers(5, 1_000 + 107 * Math.min(i + 1, 3)));
        }
    }

    @Test
    void barrierThatALostConsumerGotDoesNotComeAgain() throws Exception {
        ProducingTask producer = keepingIn(PLENTY, 0);
        ReadingTask first = held(producer, 0);
        produce(producer, 300);
        producer.barrier(2);
        produce(producer, 300);
        first.leave();
        ReadingTask second = new ReadingTask(producer).read();
        producer.barrier(3);
        second.read().leave();
        producer.barrier(4);
        produce(producer, 1);

        ReadingTask third = new ReadingTask(producer).read();

        assertThat(third.greeting().lastBarrier()).isEqualTo(3);
        assertThat(third.records()).containsExactlyElementsOf(numbers(0, 601));
        assertThat(third.events().stream()
                        .filter(CheckpointBarrier.class::isInstance)
                        .map(event -> ((CheckpointBarrier) event).getId()))
                .containsExactly(4L);
    }

    @Test
    void nothingButABarrierWasRead() throws Exception {
        ProducingTask producer = keepingIn(PLENTY, 0);
        held(producer, 2).leave();
        producer.barrier(2);
        new ReadingTask(producer).read().leave();

        ReadingTask third = new ReadingTask(producer).read();
        produce(producer, 2);
        third.read();

        assertThat(third.greeting().start()).isEqualTo(records(2));
        assertThat(third.greeting().lastBarrier()).isEqualTo(2);
        assertThat(third.records()).containsExactly(2L, 3L);
    }

    @Test
    void endThatALostConsumerGotComesAgain() throws Exception {
        ProducingTask producer = keepingIn(PLENTY, 0);
        held(producer, 2).leave();
        produce(producer, 10);
        producer.endOfData(StopMode.DRAIN).finish();
        new ReadingTask(producer).read().leave();

        ReadingTask third = new ReadingTask(producer).read();
        List<AbstractEvent> events = third.events();

        assertThat(third.greeting().endOfData()).isEmpty();
        assertThat(third.greeting().endOfPartition()).isFalse();
        assertThat(third.records()).containsExactlyElementsOf(numbers(2, 10));
        assertThat(events).hasSize(3).endsWith(new EndOfData(StopMode.DRAIN), EndOfPartitionEvent.INSTANCE);
    }

    @Test
    void producerDoesNotWaitForTheConsumerAfterTheNext() throws Exception {
        ProducingTask producer = keepingIn(PLENTY, 0);
        held(producer, 0).leave();
        produce(producer, 100);
        new ReadingTask(producer).read().leave();

        produce(producer, 5_000);
        ReadingTask third = new ReadingTask(producer).read();

        assertThat(third.records()).containsExactlyElementsOf(numbers(0, 5_100));
    }

    @Test
    void whatWasNotReadStaysWhenTheRestIsForgotten() throws Exception {
        ProducingTask producer = keepingIn(LITTLE, PLENTY);
        held(producer, 0).leave();
        produce(producer, 1_000);
        ReadingTask next = new ReadingTask(producer);
        next.readOne();
        next.readOne();

        producer.execute(new Forget(producer.partitionId(), 0));
        next.read();
        long used = store.memoryUsed();
        next.leave();
        ReadingTask third = new ReadingTask(producer).read();

        assertThat(next.records()).containsExactlyElementsOf(numbers(0, 1_000));
        assertThat(used).isZero();
        assertThat(third.greeting().start()).as("an ordinary loss").isEqualTo(records(1_000));
    }

    @Test
    void whatIsToBeReadAgainIsLostWhenItIsForgotten() throws Exception {
        ProducingTask producer = keepingIn(PLENTY, 0);
        held(producer, 0).leave();
        produce(producer, 1_000);
        new ReadingTask(producer).read().leave();

        producer.execute(new Forget(producer.partitionId(), 0));
        produce(producer, 1_000);
        ReadingTask third = new ReadingTask(producer).read();

        assertThat(third.greeting().start()).isEqualTo(records(2_000));
        assertThat(store.memoryUsed()).isZero();
    }

    @Test
    void whatIsHeldIsNotForgotten() throws Exception {
        ProducingTask producer = keepingIn(PLENTY, 0);
        held(producer, 0).leave();
        produce(producer, 1_000);

        producer.execute(new Forget(producer.partitionId(), 0));

        assertThat(new ReadingTask(producer).read().records()).hasSize(1_000);
    }

    @Test
    void fullLogGivesUpWhatWasReadAndSaysSo() throws Exception {
        ProducingTask producer = keepingIn(LITTLE, 0);
        held(producer, 0).leave();
        ReadingTask next = new ReadingTask(producer);
        for (int i = 0; i < 100; i++) {
            produce(producer, 50);
            next.read();
        }
        long givenUp = store.givenUp();
        long used = store.memoryUsed();
        next.leave();

        ReadingTask third = new ReadingTask(producer).read();

        assertThat(givenUp).isEqualTo(1);
        assertThat(used).isZero();
        assertThat(next.records()).containsExactlyElementsOf(numbers(0, 5_000));
        assertThat(third.greeting().start()).as("an ordinary loss").isEqualTo(records(5_000));
    }

    @Test
    void logThatCannotBeReadIsAnOrdinaryLoss() throws Exception {
        ProducingTask producer = keepingIn(LITTLE, PLENTY);
        held(producer, 0).leave();
        produce(producer, 5_000);
        while (store.memoryUsed() * 2 > LITTLE) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
        damage();

        ReadingTask next = new ReadingTask(producer).read();
        boolean released = next.view().isReleased();
        ReadingTask third = new ReadingTask(producer);
        produce(producer, 1);
        third.read();

        assertThat(next.records()).isEmpty();
        assertThat(released).isTrue();
        assertThat(next.view().getFailureCause()).isNotNull();
        assertThat(next.notifications()).isPositive();
        assertThat(third.greeting().start()).isEqualTo(records(5_000));
        assertThat(third.records()).containsExactly(5_000L);
    }

    private void damage() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".log")).toList()) {
                Files.write(file, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
            }
        }
    }

    // ------------------------------------------------------------------ all of it, at random

    @ParameterizedTest(name = "seed {0}, buffers of {1} bytes, {2} bytes of memory")
    @CsvSource({"41, 64, 67108864", "42, 64, 20000", "43, 512, 67108864", "44, 512, 20000", "45, 64, 20000"})
    void whateverHappensNothingIsLostOrRepeated(long seed, int bufferBytes, long memory) throws Exception {
        Random random = new Random(seed);
        producers.keepingIn(store = new InFlightStore(memory, PLENTY, List.of(directory)));
        ProducingTask producer = producers.attempt(0, bufferBytes);
        List<ReadingTask> readers = new ArrayList<>(List.of(new ReadingTask(producer)));
        long barrier = 0;

        for (int round = 0; round < 150; round++) {
            barrier = attended(producer, last(readers), random, barrier);
            producer.flush();
            last(readers).read();
            barrier++;
            hold(producer, barrier);
            producer.barrier(barrier);
            last(readers).frozen().read();
            barrier = unattended(producer, random, barrier);
            if (random.nextInt(4) == 0) {
                producer.execute(new Unhold(producer.partitionId(), 0));
                last(readers).thawed();
                continue;
            }
            for (int lives = random.nextInt(4); lives >= 0; lives--) {
                if (random.nextBoolean()) {
                    last(readers).leave();
                    barrier = unattended(producer, random, barrier);
                }
                readers.add(new ReadingTask(producer));
                barrier = attended(producer, last(readers), random, barrier);
            }
            producer.execute(new Forget(producer.partitionId(), 0));
        }
        producer.flush();
        last(readers).read();

        List<Long> all = new ArrayList<>();
        for (ReadingTask reader : readers) {
            if (reader.buffersRead() > 0) {
                int start = (int) reader.greeting().start().records();
                assertThat(start).isLessThanOrEqualTo(all.size());
                all.subList(start, all.size()).clear(); // what its predecessor did is undone with it
                all.addAll(reader.records());
            }
        }
        assertThat(readers).hasSizeGreaterThan(150);
        assertThat(store.givenUp()).isZero();
        assertThat(all)
                .containsExactlyElementsOf(numbers(0, (int) producer.written().records()));
    }

    private static ReadingTask last(List<ReadingTask> readers) {
        return readers.get(readers.size() - 1);
    }

    /** Something is produced and some of it read. */
    private static long attended(ProducingTask producer, ReadingTask reader, Random random, long barrier)
            throws Exception {
        long last = barrier;
        for (int step = random.nextInt(30); step > 0; step--) {
            last = some(producer, random, last);
            if (producer.buffersInUse() > BUFFERS / 2) {
                producer.flush();
                reader.read();
            } else if (random.nextBoolean()) {
                reader.readOne();
            }
        }
        return last;
    }

    /** Something is produced and nothing read. */
    private static long unattended(ProducingTask producer, Random random, long barrier) throws Exception {
        long last = barrier;
        for (int step = random.nextInt(60); step > 0; step--) {
            last = some(producer, random, last);
        }
        return last;
    }

    private static long some(ProducingTask producer, Random random, long barrier) throws Exception {
        int kind = random.nextInt(20);
        if (kind < 14) {
            producer.record(random.nextInt(10) == 0 ? random.nextInt(200) : random.nextInt(20));
        } else if (kind < 16) {
            producer.watermark(random.nextInt());
        } else if (kind < 17) {
            producer.barrier(barrier + 1);
            return barrier + 1;
        } else {
            producer.flush();
        }
        return barrier;
    }

    // ------------------------------------------------------------------ vocabulary

    private ProducingTask keepingIn(long memory, long disk) throws Exception {
        store = producers.keepingIn(new InFlightStore(memory, disk, List.of(directory)));
        return producers.attempt(0);
    }

    /** A consumer that has read so many records and the barrier 1, behind which things are held. */
    private static ReadingTask held(ProducingTask producer, int records) throws Exception {
        ReadingTask first = new ReadingTask(producer).frozen();
        hold(producer, 1);
        producer.records(records).barrier(1);
        return first.read();
    }

    private static void produce(ProducingTask producer, int records) throws IOException {
        producer.records(records).flush();
    }

    /** Until {@code reader} has so many; one that reads faster than a file is written waits for that. */
    private static void readAll(ReadingTask reader, int records) throws Exception {
        while (reader.read().records().size() < records) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

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
