package io.holdfast.flink.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Map;
import java.util.Queue;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.HoldfastReport;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReadingTest {

    private static final StreamPosition START = new StreamPosition(7, 700);
    private static final AttachedEvent GREETING =
            new AttachedEvent(3, START, new BarrierPositions(), -1, Long.MIN_VALUE, false, null, false);

    private final CountingRecycler recycler = new CountingRecycler();
    private final Queue<Buffer> out = new ArrayDeque<>();
    private final Reading reading = new Reading();

    @AfterEach
    void everyBufferComesBack() {
        out.forEach(Buffer::recycleBuffer);
        assertThat(recycler.recycled()).isEqualTo(recycler.handedOut());
    }

    @Test
    void readingThatWasNeverGreetedIsNotSpokenOf() {
        reading.pass(recycler.buffer(new SerializedStream().record(5).bytes(), 0), SequenceWord.UNKNOWN, out);

        assertThat(reading.end(3)).isEmpty();
    }

    @Test
    void readingTellsWhatItReadFromWhereAndWhereBarriersLay() {
        SerializedStream first = new SerializedStream().record(5).watermark(1);
        SerializedStream second = new SerializedStream().record(9).record(2);
        reading.greeted(GREETING);
        reading.pass(recycler.buffer(first.bytes(), 0), SequenceWord.UNKNOWN, out);
        reading.barrier(4);
        reading.pass(recycler.buffer(second.bytes(), 0), SequenceWord.UNKNOWN, out);

        HoldfastReport.Read read = reading.end(3).orElseThrow();

        assertThat(read.attempt()).isEqualTo(3);
        assertThat(read.start()).isEqualTo(START);
        assertThat(read.barriers().asMap()).isEqualTo(Map.of(4L, first.last().position()));
        assertThat(read.read())
                .isEqualTo(first.last().position().plus(second.last().position()));
        assertThat(read.dropped()).isEqualTo(StreamPosition.START);
    }

    @Test
    void whatTheProducerHasCountedIsNotLookedInto() {
        byte[] noRecords = new byte[90];
        reading.greeted(GREETING);
        Buffer counted = recycler.buffer(noRecords, 0);

        reading.pass(counted, 6, out);

        assertThat(out).containsExactly(counted);
        assertThat(reading.end(3).orElseThrow().read()).isEqualTo(new StreamPosition(6, 90));
    }

    @Test
    void recordThatWasBrokenOffIsNotRead() {
        SerializedStream stream = new SerializedStream().record(5).record(50);
        reading.greeted(GREETING);
        reading.pass(recycler.buffer(Arrays.copyOf(stream.bytes(), stream.size() - 1), 0), SequenceWord.UNKNOWN, out);

        HoldfastReport.Read read = reading.end(3).orElseThrow();

        assertThat(read.read()).isEqualTo(stream.marks().get(1).position());
        assertThat(out).hasSize(1);
    }

    @Test
    void whatIsDroppedIsCountedApartAndGivenBackAtOnce() {
        SerializedStream passed = new SerializedStream().record(5);
        SerializedStream late = new SerializedStream().record(6).record(7);
        reading.greeted(GREETING);
        reading.pass(recycler.buffer(passed.bytes(), 0), SequenceWord.UNKNOWN, out);

        reading.drop(recycler.buffer(late.bytes(), 2));

        HoldfastReport.Read read = reading.end(3).orElseThrow();
        assertThat(recycler.recycled()).isEqualTo(1);
        assertThat(reading.dropped()).isEqualTo(late.last().position());
        assertThat(read.dropped()).isEqualTo(late.last().position());
        assertThat(read.read()).isEqualTo(passed.last().position());
    }
}
