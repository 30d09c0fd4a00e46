package io.holdfast.flink.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Random;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordScannerTest {

    private final RecordScanner scanner = new RecordScanner();

    @Test
    void nothingHasPassedAtTheBeginning() {
        assertThat(scanner.position()).isEqualTo(StreamPosition.START);
        assertThat(scanner.watermark()).isEqualTo(Long.MIN_VALUE);
        assertThat(scanner.idle()).isFalse();
        assertThat(scanner.midRecord()).isFalse();
    }

    @Test
    void onlyUserRecordsAreCountedButEveryByteIs() {
        SerializedStream stream = SerializedStream.ofEveryKind();

        int lastEnd = scanner.scan(stream.slice(0, stream.size()));

        assertThat(scanner.position()).isEqualTo(new StreamPosition(4, stream.size()));
        assertThat(lastEnd).isEqualTo(stream.size());
        assertThat(scanner.firstEnd()).isEqualTo(stream.marks().get(1).offset());
    }

    @Test
    void everySplitPositionOfTwoBuffersFindsTheSame() {
        SerializedStream stream = SerializedStream.ofEveryKind();

        for (int cut = 0; cut <= stream.size(); cut++) {
            assertFollows(stream, cut);
        }
    }

    @Test
    void everyPairOfSplitPositionsFindsTheSame() {
        SerializedStream stream =
                new SerializedStream().record(3).watermark(12).idle().record(0);

        for (int first = 0; first <= stream.size(); first++) {
            for (int second = first; second <= stream.size(); second++) {
                assertFollows(stream, first, second);
            }
        }
    }

    @Test
    void buffersOfOneByteFindTheSame() {
        SerializedStream stream = SerializedStream.ofEveryKind();
        int[] cuts = new int[stream.size()];
        for (int i = 0; i < cuts.length; i++) {
            cuts[i] = i;
        }

        assertFollows(stream, cuts);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomStreamCutAnywhereFindsTheSame(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            SerializedStream stream = SerializedStream.random(random, 60);
            int[] cuts =
                    random.ints(random.nextInt(40), 0, stream.size()).sorted().toArray();

            assertFollows(stream, cuts);
        }
    }

    @Test
    void positionOfTheBufferDoesNotMove() {
        SerializedStream stream = SerializedStream.ofEveryKind();
        int from = stream.marks().get(2).offset();
        ByteBuffer buffer = stream.slice(from, stream.size());

        int lastEnd = scanner.scan(buffer);

        assertThat(buffer.position()).isEqualTo(from);
        assertThat(lastEnd).as("offsets count from the buffer's position").isEqualTo(stream.size() - from);
    }

    @Test
    void emptyBufferChangesNothing() {
        scanner.scan(new SerializedStream().record(10).slice(0, 7));

        int lastEnd = scanner.scan(ByteBuffer.allocate(0));

        assertThat(lastEnd).isEqualTo(-1);
        assertThat(scanner.firstEnd()).isEqualTo(-1);
        assertThat(scanner.midRecord()).isTrue();
    }

    @Test
    void elementWithoutContentIsABoundaryAndNoRecord() {
        ByteBuffer nothingAtAll = ByteBuffer.allocate(8); // two lengths of 0

        assertThat(scanner.scan(nothingAtAll)).isEqualTo(8);

        assertThat(scanner.position()).isEqualTo(new StreamPosition(0, 8));
        assertThat(scanner.midRecord()).isFalse();
    }

    @Test
    void recordCountsWhenItsLastByteHasPassed() {
        SerializedStream stream = new SerializedStream().record(100);

        scanner.scan(stream.slice(0, stream.size() - 1));
        StreamPosition before = scanner.position();
        scanner.scan(stream.slice(stream.size() - 1, stream.size()));

        assertThat(before).isEqualTo(StreamPosition.START);
        assertThat(scanner.position()).isEqualTo(new StreamPosition(1, stream.size()));
    }

    @Test
    void abandonedRecordIsNeverCountedAndTheNextStreamBeginsAfresh() {
        SerializedStream stream = SerializedStream.ofEveryKind();

        for (int cut = 0; cut < stream.size(); cut++) {
            RecordScanner broken = new RecordScanner();
            broken.scan(stream.slice(0, cut));

            broken.abandonRecord();

            assertThat(broken.midRecord()).as("abandoned after %d bytes", cut).isFalse();
            assertThat(broken.scan(stream.slice(0, stream.size())))
                    .as("abandoned after %d bytes", cut)
                    .isEqualTo(stream.size());
            assertThat(broken.position())
                    .as("abandoned after %d bytes", cut)
                    .isEqualTo(stream.at(cut).position().plus(stream.last().position()));
        }
    }

    @Test
    void negativeLengthIsRefusedWithItsValue() {
        ByteBuffer garbage = ByteBuffer.allocate(8).putInt(-7).flip();

        assertThatThrownBy(() -> scanner.scan(garbage))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("-7");
    }

    /** Scans {@code stream} cut at {@code cuts}, and compares with the truth after each piece. */
    private static void assertFollows(SerializedStream stream, int... cuts) {
        RecordScanner scanner = new RecordScanner();
        int from = 0;
        for (int piece = 0; piece <= cuts.length; piece++) {
            int to = piece == cuts.length ? stream.size() : cuts[piece];
            String where = "bytes %d to %d of %d".formatted(from, to, stream.size());

            int lastEnd = scanner.scan(stream.slice(from, to));

            SerializedStream.Mark expected = stream.at(to);
            boolean ended = expected.offset() > from;
            assertThat(lastEnd).as(where).isEqualTo(ended ? expected.offset() - from : -1);
            assertThat(scanner.position()).as(where).isEqualTo(expected.position());
            assertThat(scanner.watermark()).as(where).isEqualTo(expected.watermark());
            assertThat(scanner.idle()).as(where).isEqualTo(expected.idle());
            assertThat(scanner.midRecord()).as(where).isEqualTo(expected.offset() < to);
            if (ended) {
                SerializedStream.Mark first = stream.firstEndAfter(from);
                assertThat(scanner.firstEnd()).as(where).isEqualTo(first.offset() - from);
            } else {
                assertThat(scanner.firstEnd()).as(where).isEqualTo(-1);
            }
            from = to;
        }
    }
}
