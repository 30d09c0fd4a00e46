package org.apache.flink.runtime.io.network.partition;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.flink.runtime.io.network.netty.HoldfastCredits;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A partition that chooses the consumer of a record. With real buffer pools. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChoosingPartitionTest {

    private static final int RECEIVERS = 3;
    private static final int BUFFERS = 60;
    private static final int BUFFER_BYTES = 64;
    private static final int LATENCY_MARKER_TAG = 3;
    private static final int FLAG = 1 << 30;
    private static final int RATE_BITS = 10;
    private static final int SOME_RATE = 400;

    @RegisterExtension
    final Producers producers = new Producers(BUFFERS, BUFFER_BYTES);

    private final List<ReadingTask> consumers = new ArrayList<>();
    private ProducingTask producer;

    @BeforeEach
    void start() throws Exception {
        producer = producers.choosing(RECEIVERS);
        for (int i = 0; i < RECEIVERS; i++) {
            consumers.add(new ReadingTask(producer, i).read());
        }
    }

    @Test
    void recordGoesToOneConsumerWhoeverItWasMeantFor() throws Exception {
        for (int i = 0; i < 300; i++) {
            producer.record(0);
            readAll(); // and say nothing: who has got something is expected to be busy with it
        }

        List<Long> all = new ArrayList<>();
        for (ReadingTask consumer : consumers) {
            assertThat(consumer.records()).hasSizeGreaterThan(50).isSorted();
            all.addAll(consumer.records());
        }
        assertThat(all).containsExactlyInAnyOrderElementsOf(numbers(300));
    }

    @Test
    void watermarksAndLatencyMarkersGoWhereTheyAreMeantToGo() throws Exception {
        for (int i = 0; i < 20; i++) {
            producer.watermark(i);
            producer.partition()
                    .emitRecord(
                            ByteBuffer.allocate(9)
                                    .putInt(5)
                                    .put((byte) LATENCY_MARKER_TAG)
                                    .rewind(),
                            0);
        }
        readAll();

        assertThat(consumers.get(0).bytesRead()).isEqualTo(20 * (13 + 9));
        assertThat(consumers.get(1).bytesRead()).isZero();
        assertThat(consumers.get(2).bytesRead()).isZero();
    }

    @Test
    void flushingTheConsumerThatARecordWasMeantForFlushesTheOneThatGotIt() throws Exception {
        weigh(0, 0);
        weigh(1, 0);

        producer.record(0);
        producer.partition().flush(0);

        assertThat(consumers.get(2).view().getAvailabilityAndBacklog(true).isAvailable())
                .isTrue();
    }

    @Test
    void consumerThatLeftGetsNothingUntilTheNextOneAttaches() throws Exception {
        consumers.get(1).leave();
        producer.records(100);
        readAll();
        long whileAway =
                consumers.get(0).records().size() + consumers.get(2).records().size();

        ReadingTask next = new ReadingTask(producer, 1).read();
        producer.records(100);
        readAll();
        next.read();

        assertThat(whileAway).isEqualTo(100);
        assertThat(next.greeting().start().records()).as("nothing was lost").isZero();
        assertThat(next.records()).isNotEmpty();
    }

    @Test
    void positionsAreThoseOfWhatEachConsumerReallyGot() throws Exception {
        producer.records(200);
        readAll();
        long got = consumers.get(1).records().size();
        long bytes = consumers.get(1).bytesRead();

        ReadingTask next = new ReadingTask(producer, 1).read();

        assertThat(next.greeting().start().records()).isEqualTo(got);
        assertThat(next.greeting().start().bytes()).isEqualTo(bytes);
    }

    @Test
    void whoTellsThatItHasConsumedGetsMore() throws Exception {
        for (int i = 0; i < 300; i++) {
            producer.record(0);
            readAll();
            tell(consumers.get(1), consumers.get(1).bytesRead());
        }

        assertThat(consumers.get(1).records().size())
                .isGreaterThan(3 * consumers.get(0).records().size());
    }

    @Test
    void attachedConsumerCountsFromItsGreetingOn() throws Exception {
        producer.records(100);
        readAll();
        ReadingTask next = new ReadingTask(producer, 1).read();
        consumers.set(1, next);
        for (int i = 0; i < 300; i++) {
            producer.record(0);
            readAll();
            tell(next, next.bytesRead());
        }

        assertThat(next.records().size())
                .isGreaterThan(2 * consumers.get(0).records().size() - 100);
        assertThat(next.records()).hasSizeGreaterThan(150);
    }

    @Test
    void wordOfAConsumerThatWasReplacedIsNotHeard() throws Exception {
        producer.records(100);
        readAll();
        ReadingTask old = consumers.get(1);
        new ReadingTask(producer, 1).read();

        tell(old, 50);
        tell(old, 1_000_000);

        assertThat(producer.partition().receivers().count()).isEqualTo(RECEIVERS);
        producer.records(100); // and nothing has gone wrong
    }

    @Test
    void bufferSizesAreStillBufferSizes() throws Exception {
        for (ReadingTask consumer : consumers) {
            consumer.view().notifyNewBufferSize(20);
        }

        producer.records(30).flush();

        assertThat(producer.subpartition().getNumberOfQueuedBuffers())
                .as("of one record each")
                .isGreaterThan(4);
    }

    @Test
    void consumerOfNoWeightGetsNothingMore() throws Exception {
        producer.records(30);
        readAll();
        int before = consumers.get(0).records().size();

        weigh(0, 0);
        producer.records(100);
        readAll();

        assertThat(consumers.get(0).records()).hasSize(before);
    }

    @Test
    void localConsumerHasNoCredits() {
        assertThat(producer.subpartition().credits()).isEqualTo(HoldfastCredits.NONE);
    }

    // ------------------------------------------------------------------ vocabulary

    private void readAll() throws Exception {
        producer.flush();
        for (ReadingTask consumer : consumers) {
            consumer.read();
        }
    }

    private void weigh(int receiver, double weight) {
        producer.partition().weight(receiver, weight);
    }

    private static void tell(ReadingTask consumer, long bytes) {
        consumer.view().notifyNewBufferSize(FLAG | (int) bytes << RATE_BITS | SOME_RATE);
    }

    private static List<Long> numbers(int count) {
        return LongStream.range(0, count).boxed().toList();
    }
}
