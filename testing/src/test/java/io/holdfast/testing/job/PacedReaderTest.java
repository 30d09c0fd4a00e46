package io.holdfast.testing.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.testing.LeakCheck;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.core.io.InputStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(60)
class PacedReaderTest {

    private static final long START = 1_700_000_000_000L;
    private static final double PER_SECOND = 100; // one in ten milliseconds

    @RegisterExtension
    final LeakCheck leakCheck = new LeakCheck();

    private final AtomicLong nowMillis = new AtomicLong(START);
    private final AtomicBoolean silence = new AtomicBoolean();
    private final List<String> silences = new ArrayList<>();
    private final RecordingOutput output = new RecordingOutput();

    @Test
    void withoutASplitNothingIsSent() throws Exception {
        try (Numbers reader = new Numbers(PER_SECOND, PacedReader.ENDLESS)) {
            assertThat(reader.pollNext(output)).isEqualTo(InputStatus.NOTHING_AVAILABLE);
            assertThat(reader.snapshotState(1)).isEmpty();
        }
        assertThat(output.collected).isEmpty();
    }

    @Test
    void recordsAreSentWhenTheyAreDue() throws Exception {
        try (Numbers reader = new Numbers(PER_SECOND, PacedReader.ENDLESS)) {
            reader.addSplits(List.of(new PacedSplit(2, 0, START)));
            pollAll(reader);
            assertThat(output.collected).isEmpty();

            nowMillis.addAndGet(39);
            pollAll(reader);
            assertThat(output.collected).containsExactly("2:0", "2:1", "2:2");

            nowMillis.addAndGet(1);
            pollAll(reader);
            assertThat(output.collected).containsExactly("2:0", "2:1", "2:2", "2:3");
        }
    }

    @Test
    void aReaderThatComesLaterFindsABacklog() throws Exception {
        try (Numbers reader = new Numbers(PER_SECOND, PacedReader.ENDLESS)) {
            nowMillis.addAndGet(1_000);
            reader.addSplits(List.of(new PacedSplit(0, 7, START)));

            pollAll(reader);
        }

        assertThat(output.collected).hasSize(93).startsWith("0:7").endsWith("0:99");
    }

    @Test
    void aLaneThatHasNotBegunBeginsWithItsFirstReader() throws Exception {
        try (Numbers reader = new Numbers(PER_SECOND, PacedReader.ENDLESS)) {
            nowMillis.addAndGet(1_000);
            reader.addSplits(List.of(new PacedSplit(0, 0, PacedSplit.NOT_BEGUN)));

            pollAll(reader);

            assertThat(output.collected).isEmpty();
            assertThat(reader.snapshotState(1)).containsExactly(new PacedSplit(0, 0, START + 1_000));
        }
    }

    @Test
    void aCheckpointHoldsWhatComesNext() throws Exception {
        try (Numbers reader = new Numbers(PER_SECOND, PacedReader.ENDLESS)) {
            reader.addSplits(List.of(new PacedSplit(1, 5, START)));
            nowMillis.addAndGet(70);
            pollAll(reader);

            assertThat(reader.snapshotState(1)).containsExactly(new PacedSplit(1, 7, START));
        }
    }

    @Test
    void withoutALimitEverythingIsDueAtOnceAndTheLaneEnds() throws Exception {
        try (Numbers reader = new Numbers(PacedReader.UNLIMITED, 4)) {
            reader.addSplits(List.of(new PacedSplit(0, 0, PacedSplit.NOT_BEGUN)));

            assertThat(pollAll(reader)).isEqualTo(InputStatus.END_OF_INPUT);
        }

        assertThat(output.collected).containsExactly("0:0", "0:1", "0:2", "0:3");
    }

    @Test
    void whileSilenceIsWantedNothingIsSentAndThePositionIsToldOnce() throws Exception {
        try (Numbers reader = new Numbers(PacedReader.UNLIMITED, 4)) {
            reader.addSplits(List.of(new PacedSplit(0, 2, PacedSplit.NOT_BEGUN)));
            silence.set(true);
            reader.start();
            reader.isAvailable().get(30, TimeUnit.SECONDS);

            assertThat(reader.pollNext(output)).isEqualTo(InputStatus.NOTHING_AVAILABLE);
            assertThat(reader.pollNext(output)).isEqualTo(InputStatus.NOTHING_AVAILABLE);
            assertThat(silences).containsExactly("0:2");
            assertThat(output.collected).isEmpty();

            silence.set(false);
            InputStatus status = reader.pollNext(output);
            while (status != InputStatus.END_OF_INPUT) { // from the next tick on
                reader.isAvailable().get(30, TimeUnit.SECONDS);
                status = reader.pollNext(output);
            }
        }

        assertThat(output.collected).containsExactly("0:2", "0:3");
    }

    @Test
    void aReaderWithNothingToSendIsAskedAgainAtTheNextTick() throws Exception {
        try (Numbers reader = new Numbers(PER_SECOND, PacedReader.ENDLESS)) {
            reader.start();
            CompletableFuture<Void> first = reader.isAvailable();
            first.get(30, TimeUnit.SECONDS);

            reader.pollNext(output);
            CompletableFuture<Void> second = reader.isAvailable();

            assertThat(second).isNotSameAs(first);
            second.get(30, TimeUnit.SECONDS);
        }
    }

    private InputStatus pollAll(Numbers reader) throws IOException {
        InputStatus status = reader.pollNext(output);
        while (status == InputStatus.MORE_AVAILABLE) {
            status = reader.pollNext(output);
        }
        return status;
    }

    /** Sends what was asked of it as text. */
    private final class Numbers extends PacedReader<String> {

        Numbers(double recordsPerSecond, long end) {
            super(recordsPerSecond, end, nowMillis::get);
        }

        @Override
        protected void emit(ReaderOutput<String> to, int lane, long sequence) {
            to.collect(lane + ":" + sequence);
        }

        @Override
        protected boolean isSilenceWanted() {
            return silence.get();
        }

        @Override
        protected void fellSilent(int lane, long next) {
            silences.add(lane + ":" + next);
        }
    }

    private static final class RecordingOutput implements ReaderOutput<String> {

        private final List<String> collected = new ArrayList<>();

        @Override
        public void collect(String record) {
            collected.add(record);
        }

        @Override
        public void collect(String record, long timestamp) {
            collected.add(record);
        }

        @Override
        public void emitWatermark(Watermark watermark) {}

        @Override
        public void markIdle() {}

        @Override
        public void markActive() {}

        @Override
        public SourceOutput<String> createOutputForSplit(String splitId) {
            return this;
        }

        @Override
        public void releaseOutputForSplit(String splitId) {}
    }
}
