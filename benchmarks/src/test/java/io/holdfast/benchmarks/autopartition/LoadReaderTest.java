package io.holdfast.benchmarks.autopartition;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.java.tuple.Tuple3;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadReaderTest {

    private static final long MILLISECOND = 1_000_000;
    private static final double TWO_A_MILLISECOND = 2_000;

    @TempDir
    private Path directory;

    private WindowFile file;
    private long now = 1_000 * MILLISECOND;
    private final long origin = now;
    private final RecordingOutput output = new RecordingOutput();

    @BeforeEach
    void createFile() throws IOException {
        file = WindowFile.at(directory.resolve("window"));
    }

    @Test
    void nothingIsSentWhileNoWindowIsOpen() {
        poll(reader(0, 1), 3);

        assertThat(output.due).isEmpty();
    }

    @Test
    void producersTakeTurnsAndEveryRecordBearsTheTimeAtWhichItIsDue() {
        open(1, TWO_A_MILLISECOND);
        now += 2 * MILLISECOND;

        poll(reader(0, 2), 5);
        assertThat(output.due).containsExactly(origin, origin + MILLISECOND, origin + 2 * MILLISECOND);
        output.due.clear();
        poll(reader(1, 2), 5);

        assertThat(output.due).containsExactly(origin + MILLISECOND / 2, origin + 3 * MILLISECOND / 2);
    }

    @Test
    void whatCouldNotBeSentInTimeBearsTheTimeAtWhichItWasDueAllTheSame() {
        LoadReader reader = reader(0, 1);
        open(1, TWO_A_MILLISECOND);
        poll(reader, 1);

        now += 1_000 * MILLISECOND;
        poll(reader, 2);

        assertThat(output.due).containsExactly(origin, origin + MILLISECOND / 2, origin + MILLISECOND);
    }

    @Test
    void aSaturatedWindowSendsWheneverItIsAskedTo() {
        open(1, Window.SATURATED);

        poll(reader(0, 1), 4);

        assertThat(output.due).containsExactly(now, now, now, now);
    }

    @Test
    void theNextWindowBeginsAnew() {
        LoadReader reader = reader(0, 1);
        open(1, TWO_A_MILLISECOND);
        now += 5 * MILLISECOND;
        poll(reader, 3);
        file.close();
        poll(reader, 1);
        output.due.clear();
        output.windows.clear();

        file.open(new Window(2, now, now, now + MILLISECOND, TWO_A_MILLISECOND, 0));
        poll(reader, 2);

        assertThat(output.due).containsExactly(now);
        assertThat(output.windows).containsExactly(2L);
    }

    private void open(long number, double recordsPerSecond) {
        file.open(new Window(number, origin, origin, origin + MILLISECOND, recordsPerSecond, 0));
    }

    private LoadReader reader(int producer, int producers) {
        return new LoadReader(file, producer, producers, 10, () -> now);
    }

    private void poll(LoadReader reader, int times) {
        for (int i = 0; i < times; i++) {
            reader.pollNext(output);
        }
    }

    /** Remembers the numbers in the records. */
    private static final class RecordingOutput implements ReaderOutput<Tuple3<Long, Long, byte[]>> {

        private final List<Long> windows = new ArrayList<>();
        private final List<Long> due = new ArrayList<>();

        @Override
        public void collect(Tuple3<Long, Long, byte[]> record) {
            windows.add(record.f0);
            due.add(record.f1);
        }

        @Override
        public void collect(Tuple3<Long, Long, byte[]> record, long timestamp) {
            collect(record);
        }

        @Override
        public void emitWatermark(Watermark watermark) {}

        @Override
        public void markIdle() {}

        @Override
        public void markActive() {}

        @Override
        public SourceOutput<Tuple3<Long, Long, byte[]>> createOutputForSplit(String splitId) {
            return this;
        }

        @Override
        public void releaseOutputForSplit(String splitId) {}
    }
}
