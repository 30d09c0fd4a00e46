package io.holdfast.benchmarks.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.benchmarks.job.ArrivalFile.Position;
import io.holdfast.benchmarks.job.ArrivalFiles.Output;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArrivalFilesTest {

    @TempDir
    Path directory;

    private RunDirectory run;

    @BeforeEach
    void createDirectories() throws IOException {
        run = new RunDirectory(directory);
        run.create();
    }

    @Test
    void oneAttemptCountsInFull() throws IOException {
        write(0, 0, Position.START, 0, 5);
        write(1, 0, Position.START, 5, 8);

        Output output = ArrivalFiles.read(run);

        assertThat(sequences(output.counted())).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L);
        assertThat(output.uncounted()).isEmpty();
    }

    @Test
    void whatALostAttemptWroteAfterItsCheckpointDoesNotCount() throws IOException {
        write(0, 0, Position.START, 0, 5);
        write(0, 1, new Position(0, 3), 5, 8);

        Output output = ArrivalFiles.read(run);

        assertThat(sequences(output.counted())).containsExactly(0L, 1L, 2L, 5L, 6L, 7L);
        assertThat(sequences(output.uncounted())).containsExactly(3L, 4L);
    }

    @Test
    void anAttemptWithoutACheckpointOfItsOwnDoesNotCountAtAll() throws IOException {
        write(0, 0, Position.START, 0, 5);
        write(0, 1, new Position(0, 3), 5, 8);
        write(0, 2, new Position(0, 3), 8, 10);

        Output output = ArrivalFiles.read(run);

        assertThat(sequences(output.counted())).containsExactly(0L, 1L, 2L, 8L, 9L);
        assertThat(sequences(output.uncounted())).containsExactlyInAnyOrder(3L, 4L, 5L, 6L, 7L);
    }

    @Test
    void aJobThatNeverHadACheckpointBeginsAgain() throws IOException {
        write(0, 0, Position.START, 0, 5);
        write(0, 3, Position.START, 5, 7);

        Output output = ArrivalFiles.read(run);

        assertThat(sequences(output.counted())).containsExactly(5L, 6L);
        assertThat(sequences(output.uncounted())).containsExactly(0L, 1L, 2L, 3L, 4L);
    }

    @Test
    void whatIsReceivedAndNotCommittedDoesNotCount() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(2 * Arrival.BYTES);
        for (int sequence = 0; sequence < 2; sequence++) {
            Arrival.write(bytes, record(sequence), 1);
        }
        Files.write(run.arrivals().resolve(ArrivalFiles.committedName(0, 0, 0)), bytes.array());
        write(ArrivalFiles.receivedFile(run, 0, 0), Position.START, 0, 5);

        Output output = ArrivalFiles.read(run);

        assertThat(sequences(output.counted())).containsExactly(0L, 1L);
        assertThat(sequences(output.uncounted())).containsExactly(2L, 3L, 4L);
    }

    @Test
    void moreThanOneChunkIsRead() throws IOException {
        int many = 40_000;

        write(0, 0, Position.START, 0, many);

        assertThat(ArrivalFiles.read(run).counted()).hasSize(many);
    }

    @Test
    void aRecordKeepsItsPropertiesAndAFileCutShortEndsThere() throws IOException {
        try (ArrivalFile file = ArrivalFile.create(ArrivalFiles.file(run, 3, 2), Position.START)) {
            file.append(new Counted(1, 4_000_000_000L, 17, 5, 6, 7, 99, 0, new byte[0]), 1_234);
        }
        Path written = ArrivalFiles.file(run, 3, 2);
        byte[] bytes = Files.readAllBytes(written);
        Files.write(written, java.util.Arrays.copyOf(bytes, 2 * Arrival.BYTES + 7));

        assertThat(ArrivalFiles.read(run).counted())
                .containsExactly(new Arrival(1_234, 1, 4_000_000_000L, 17, 5, 6, 7, 99, 3, 2));
    }

    private void write(int subtask, int attempt, Position restored, int from, int until) throws IOException {
        write(ArrivalFiles.file(run, subtask, attempt), restored, from, until);
    }

    private static void write(Path path, Position restored, int from, int until) throws IOException {
        try (ArrivalFile file = ArrivalFile.create(path, restored)) {
            for (int sequence = from; sequence < until; sequence++) {
                file.append(record(sequence), 1);
            }
        }
    }

    private static Counted record(int sequence) {
        return new Counted(0, sequence, 0, 0, 0, 0, 1, 0, new byte[0]);
    }

    private static List<Long> sequences(List<Arrival> arrivals) {
        return arrivals.stream().map(Arrival::sequence).toList();
    }
}
