package io.holdfast.benchmarks.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {

    @TempDir
    private Path directory;

    @Test
    void whatWasHeldBeforeDoesNotCount() throws IOException {
        RunDirectory run = new RunDirectory(directory);
        run.live(80);
        String first = run.wish();
        assertThat(RunDirectory.mebibytes(first)).isEqualTo(80);
        assertThat(run.holdsWhatIsWished()).as("nobody said so").isFalse();
        run.reportHeld(0, first);
        assertThat(run.holdsWhatIsWished()).isTrue();

        run.live(400);
        run.live(80);

        assertThat(run.holdsWhatIsWished()).as("not yet again").isFalse();
        run.reportHeld(0, run.wish());
        assertThat(run.holdsWhatIsWished()).isTrue();
        run.reportHeld(1, first);
        assertThat(run.holdsWhatIsWished()).as("by each").isFalse();
    }

    @Test
    void whatASourceHasSentIsKnownOnceItIsSilent() throws IOException {
        RunDirectory run = new RunDirectory(directory);
        run.pause(true);
        assertThat(run.sent()).isEmpty();
        run.reportSent(1, 17);
        assertThat(run.sent()).isEqualTo(Map.of(1, 17L));

        run.pause(false);
        run.pause(true);

        assertThat(run.sent()).as("that was another silence").isEmpty();
    }

    @Test
    void attemptsAreCountedOnWhereAnotherJobManagerBeginsAnew() throws IOException {
        RunDirectory run = new RunDirectory(directory);

        assertThat(run.attempt("graph1_map_0_0", 0)).isZero();
        assertThat(run.attempt("graph1_sink_1_2", 2)).isEqualTo(2);
        assertThat(run.attempt("graph2_map_0_0", 0)).isEqualTo(1000);
        assertThat(run.attempt("graph1_map_0_3", 3)).as("a straggler").isEqualTo(3);
        assertThat(run.attempt("graph3_map_0_1", 1)).isEqualTo(2001);
    }
}
