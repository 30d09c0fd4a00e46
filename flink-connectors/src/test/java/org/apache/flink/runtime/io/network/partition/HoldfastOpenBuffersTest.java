package org.apache.flink.runtime.io.network.partition;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Where buffers end, and what is said of them. With Flink's writer and real buffer pools. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HoldfastOpenBuffersTest {

    private static final int BUFFERS = 8;
    private static final int RECORDS_PER_BUFFER = 20;
    private static final int BUFFER_BYTES = RECORDS_PER_BUFFER * ProducingTask.RECORD_BYTES;

    /** The least padding with which a record is longer than a sixteenth of a buffer. */
    private static final int LONG = BUFFER_BYTES / 16 - ProducingTask.RECORD_BYTES + 1;

    @RegisterExtension
    final Producers producers = new Producers(BUFFERS, BUFFER_BYTES);

    @Test
    void thisFlinkLetsBuffersEndBetweenRecords() {
        assertThat(HoldfastOpenBuffers.areAligned()).isTrue();
    }

    @Test
    void recordThatWouldBeSplitBeginsTheNextBuffer() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = attached(producer);
        consumer.view().notifyNewBufferSize(BUFFER_BYTES - 1);

        producer.records(2 * RECORDS_PER_BUFFER);
        consumer.readOne();
        boolean firstEndsMidRecord = consumer.endsMidRecord();
        int inFirst = consumer.records().size();
        consumer.readOne();

        assertThat(firstEndsMidRecord).isFalse();
        assertThat(inFirst).isEqualTo(RECORDS_PER_BUFFER - 1);
        assertThat(consumer.endsMidRecord()).isFalse();
        assertThat(consumer.records()).hasSize(2 * (RECORDS_PER_BUFFER - 1));
    }

    @Test
    void recordThatIsLongComparedToABufferIsSplit() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = attached(producer);

        for (int i = 0; i < RECORDS_PER_BUFFER; i++) {
            producer.record(LONG);
        }
        consumer.readOne();

        assertThat(consumer.bytesRead()).as("a full buffer").isEqualTo(BUFFER_BYTES);
        assertThat(consumer.endsMidRecord()).isTrue();
    }

    @Test
    void recordThatIsLongComparedToABufferThatWasMadeSmallIsSplit() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = attached(producer);
        int small = 3 * ProducingTask.RECORD_BYTES + 1;
        consumer.view().notifyNewBufferSize(small);

        producer.records(RECORDS_PER_BUFFER);
        consumer.readOne();

        assertThat(consumer.bytesRead()).as("a full buffer").isEqualTo(small);
        assertThat(consumer.endsMidRecord()).isTrue();
    }

    @Test
    void recordForAllConsumersIsNotSplitEither() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = attached(producer);
        consumer.view().notifyNewBufferSize(BUFFER_BYTES - 1);

        for (int i = 0; i < RECORDS_PER_BUFFER; i++) {
            producer.broadcastRecord();
        }
        consumer.readOne();

        assertThat(consumer.endsMidRecord()).isFalse();
        assertThat(consumer.records()).hasSize(RECORDS_PER_BUFFER - 1);
    }

    @Test
    void bufferOfNothingButWholeRecordsIsCounted() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = attached(producer);

        producer.records(3 * RECORDS_PER_BUFFER);
        consumer.read();

        assertThat(consumer.counted()).isEqualTo(3);
    }

    @Test
    void bufferWithAWatermarkIsNotCounted() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = attached(producer);

        producer.records(3).watermark(1).records(2 * RECORDS_PER_BUFFER);
        consumer.read();

        assertThat(consumer.counted()).as("the one behind it").isEqualTo(1);
    }

    @Test
    void bufferThatLeavesInPartsIsNotCounted() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = attached(producer);

        producer.records(3).flush();
        consumer.read();
        producer.records(RECORDS_PER_BUFFER);
        consumer.read();

        assertThat(consumer.counted()).isZero();
    }

    @Test
    void bufferThatBeginsAndEndsInTheMiddleOfARecordIsNotCounted() throws Exception {
        ProducingTask producer = producers.attempt(0).record(0);
        ReadingTask consumer = attached(producer);

        for (int i = 0; i < 4; i++) {
            producer.record(BUFFER_BYTES - ProducingTask.RECORD_BYTES); // each buffer begins with as much as it lacks
        }
        consumer.read();

        assertThat(consumer.counted()).isZero();
        assertThat(consumer.buffersRead()).isGreaterThan(4);
    }

    @Test
    void bufferBehindALongRecordIsCountedAgain() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = attached(producer);

        producer.record(BUFFER_BYTES).records(3 * RECORDS_PER_BUFFER).flush();
        consumer.read();

        assertThat(consumer.counted()).isPositive();
        assertThat(consumer.records()).containsExactlyElementsOf(numbers(3 * RECORDS_PER_BUFFER + 1));
    }

    @Test
    void bufferThatWasMadeSmallTakesTheRecordIfThereIsNoOtherBuffer() throws Exception {
        ProducingTask producer = producers.attempt(0);
        ReadingTask consumer = attached(producer);
        int inASmallOne = 16;
        consumer.view().notifyNewBufferSize(inASmallOne * ProducingTask.RECORD_BYTES + 1);

        producer.records(BUFFERS * inASmallOne + 1); // a writer that wants another buffer waits here for ever
        consumer.read();

        assertThat(consumer.records()).hasSizeGreaterThanOrEqualTo((BUFFERS - 1) * inASmallOne);
    }

    private static ReadingTask attached(ProducingTask producer) throws Exception {
        ReadingTask consumer = new ReadingTask(producer);
        consumer.readOne(); // the greeting
        return consumer;
    }

    private static List<Long> numbers(int count) {
        return LongStream.range(0, count).boxed().toList();
    }
}
