package io.holdfast.demo.flights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.demo.flights.ArrivalFile.Line;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArrivalFileTest {

    @TempDir
    private Path directory;

    @Test
    void whatWasAppendedIsReadWithoutAClose() throws IOException {
        ArrivalFile file = ArrivalFile.create(directory, 3, 1);
        file.append(2, 77, 1, 4711, 1_000);
        file.append(-1, 10_800_000, 0, 4712, 1_001);

        assertThat(read())
                .containsExactly(new Line(3, 1, 2, 77, 1, 4711, 1_000), new Line(3, 1, -1, 10_800_000, 0, 4712, 1_001));
        file.close();
    }

    @Test
    void aFileGrowsPastOneChunk() throws IOException {
        try (ArrivalFile file = ArrivalFile.create(directory, 0, 0)) {
            for (int i = 0; i < 70_000; i++) {
                file.append(0, i, 0, 0, 1 + i);
            }
        }

        assertThat(ArrivalFile.count(directory)).isEqualTo(70_000);
        assertThat(read()).last().isEqualTo(new Line(0, 0, 0, 69_999, 0, 0, 70_000));
    }

    @Test
    void twoAttemptsNeverShareAFile() throws IOException {
        ArrivalFile.create(directory, 0, 0).close();
        ArrivalFile.create(directory, 0, 1).close();

        assertThatThrownBy(() -> ArrivalFile.create(directory, 0, 1)).isInstanceOf(FileAlreadyExistsException.class);
    }

    @Test
    void noDirectoryIsNoArrival() throws IOException {
        assertThat(ArrivalFile.count(directory.resolve("missing"))).isZero();
    }

    private List<Line> read() throws IOException {
        List<Line> lines = new ArrayList<>();
        ArrivalFile.readAll(directory, lines::add);
        return lines;
    }
}
