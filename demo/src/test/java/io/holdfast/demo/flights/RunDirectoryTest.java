package io.holdfast.demo.flights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {

    @TempDir
    private Path directory;

    @Test
    void aDrainIsSeenUntilItIsWithdrawn() throws IOException {
        RunDirectory run = new RunDirectory(directory);
        assertThat(run.isDraining()).isFalse();

        run.requestDrain();
        assertThat(run.isDraining()).isTrue();

        run.withdrawDrain();
        assertThat(run.isDraining()).isFalse();
    }

    @Test
    void aDrainedSplitSaysHowFarItCame() throws IOException {
        RunDirectory run = new RunDirectory(directory);
        assertThat(run.readEmitted(2)).isEmpty();

        run.writeEmitted(2, 10);
        run.writeEmitted(2, 12);

        assertThat(run.readEmitted(2)).hasValue(12);
    }
}
