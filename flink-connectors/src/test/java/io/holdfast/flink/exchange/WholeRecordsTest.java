package io.holdfast.flink.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.Random;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WholeRecordsTest {

    private final CountingRecycler recycler = new CountingRecycler();
    private final RecordScanner scanner = new RecordScanner();
    private final WholeRecords records = new WholeRecords(scanner);
    private final Queue<Buffer> out = new ArrayDeque<>();
    private final ByteArrayOutputStream passed = new ByteArrayOutputStream();

    @Test
    void bufferOfWholeRecordsPassesAsItIs() {
        Buffer buffer = recycler.buffer(SerializedStream.ofEveryKind().bytes(), 0);

        records.accept(buffer, SequenceWord.UNKNOWN, out);

        assertThat(out).containsExactly(buffer);
        assertThat(recycler.recycled()).isZero();
        drain();
        assertThat(recycler.recycled()).isEqualTo(1);
    }

    @Test
    void bufferWithoutTheEndOfARecordIsHeldBackAndGivenBackAtOnce() {
        SerializedStream stream = new SerializedStream().record(50);

        records.accept(recycler.buffer(Arrays.copyOf(stream.bytes(), 20), 0), SequenceWord.UNKNOWN, out);

        assertThat(out).isEmpty();
        assertThat(recycler.recycled()).isEqualTo(1);
        assertThat(scanner.midRecord()).isTrue();
    }

    @Test
    void everyPairOfSplitPositionsYieldsWholeRecordsOnly() {
        SerializedStream stream = new SerializedStream()
                .record(3)
                .watermark(5)
                .record(0)
                .record(9)
                .idle();

        for (int first = 0; first <= stream.size(); first++) {
            for (int second = first; second <= stream.size(); second++) {
                assertPassesWhole(stream, 0, first, second);
            }
        }
    }

    @Test
    void everySplitPositionOfEveryKindOfElementYieldsWholeRecordsOnly() {
        SerializedStream stream = SerializedStream.ofEveryKind();

        for (int cut = 0; cut <= stream.size(); cut++) {
            assertPassesWhole(stream, 5, cut);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {11, 12, 13, 14, 15, 16})
    void randomStreamCutAnywhereYieldsWholeRecordsOnly(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            SerializedStream stream = SerializedStream.random(random, 60);
            int[] cuts =
                    random.ints(random.nextInt(60), 0, stream.size()).sorted().toArray();

            assertPassesWhole(stream, random.nextInt(3), cuts);
        }
    }

    @Test
    void abandonedRecordNeverComesOutAndTheNextStreamIsWhole() {
        SerializedStream stream = SerializedStream.ofEveryKind();

        for (int cut = 0; cut <= stream.size(); cut++) {
            passed.reset();
            records.accept(recycler.buffer(Arrays.copyOf(stream.bytes(), cut), 0), SequenceWord.UNKNOWN, out);
            drain();

            records.abandonRecord();
            records.accept(recycler.buffer(stream.bytes(), 0), SequenceWord.UNKNOWN, out);
            drain();

            ByteArrayOutputStream expected = new ByteArrayOutputStream();
            expected.write(stream.bytes(), 0, stream.at(cut).offset());
            expected.write(stream.bytes(), 0, stream.size());
            assertThat(passed.toByteArray()).as("abandoned after %d bytes", cut).isEqualTo(expected.toByteArray());
            assertThat(recycler.recycled()).as("abandoned after %d bytes", cut).isEqualTo(recycler.handedOut());
        }
    }

    /** Puts {@code stream} through, cut at {@code cuts}; buffers begin behind {@code skipped} bytes. */
    private void assertPassesWhole(SerializedStream stream, int skipped, int... cuts) {
        passed.reset();
        int from = 0;
        for (int piece = 0; piece <= cuts.length; piece++) {
            int to = piece == cuts.length ? stream.size() : cuts[piece];

            records.accept(
                    recycler.buffer(Arrays.copyOfRange(stream.bytes(), from, to), skipped), SequenceWord.UNKNOWN, out);

            String where = "bytes %d to %d of cuts %s".formatted(from, to, Arrays.toString(cuts));
            assertThat(out).as(where).hasSizeLessThanOrEqualTo(2).allSatisfy(WholeRecordsTest::assertWhole);
            drain();
            assertThat(passed.size()).as(where).isEqualTo(stream.at(to).offset());
            assertThat(recycler.recycled()).as(where).isEqualTo(recycler.handedOut());
            from = to;
        }
        assertThat(passed.toByteArray()).as("cuts %s", Arrays.toString(cuts)).isEqualTo(stream.bytes());
    }

    private static void assertWhole(Buffer buffer) {
        assertThat(buffer.isBuffer()).isTrue();
        assertThat(new RecordScanner().scan(buffer.getNioBufferReadable()))
                .isPositive()
                .isEqualTo(buffer.readableBytes());
    }

    /** Reads what came out and gives it back, as a task does. */
    private void drain() {
        for (Buffer next = out.poll(); next != null; next = out.poll()) {
            byte[] content = new byte[next.readableBytes()];
            next.getNioBufferReadable().get(content);
            passed.write(content, 0, content.length);
            next.recycleBuffer();
        }
    }
}
