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
        assertThat(run.liveMebibytes()).isEqualTo(80);
        run.reportHeld(0, 80);
        assertThat(run.holds(80)).isTrue();

        run.live(400);
        assertThat(run.holds(400)).isFalse();
        run.live(80);

        assertThat(run.holds(80)).as("not yet again").isFalse();
        run.reportHeld(0, 80);
        run.reportHeld(1, 400);
        assertThat(run.holds(80)).as("by each").isFalse();
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
}
