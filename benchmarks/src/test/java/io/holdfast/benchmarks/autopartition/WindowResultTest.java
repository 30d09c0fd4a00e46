package io.holdfast.benchmarks.autopartition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WindowResultTest {

    @TempDir
    private Path directory;

    @Test
    void whatSeveralReceiversWroteCountsTogether() throws IOException {
        for (int receiver = 0; receiver < 4; receiver++) {
            WindowResult own = new WindowResult();
            for (int i = 0; i < 250; i++) {
                own.served(TimeUnit.MILLISECONDS.toNanos(receiver * 250 + i + 1));
            }
            own.got(1_000 - receiver);
            own.write(directory.resolve("result-" + receiver));
        }
        WindowResult all = new WindowResult();

        for (int receiver = 0; receiver < 4; receiver++) {
            all.add(WindowResult.read(directory.resolve("result-" + receiver)));
        }

        assertThat(all.records()).isEqualTo(1_000);
        assertThat(all.lastDueNanos()).isEqualTo(1_000);
        assertThat(all.percentileMillis(50)).isCloseTo(500, within(1.0));
        assertThat(all.percentileMillis(99)).isCloseTo(990, within(1.0));
        assertThat(all.shareAbove(750)).isCloseTo(0.25, within(0.002));
    }

    @Test
    void aReceiverThatGotNothingWritesAResultToo() throws IOException {
        new WindowResult().write(directory.resolve("result"));

        WindowResult read = WindowResult.read(directory.resolve("result"));

        assertThat(read.records()).isZero();
        assertThat(read.lastDueNanos()).isEqualTo(Long.MIN_VALUE);
        assertThat(read.percentileMillis(99)).isNaN();
        assertThat(read.shareAbove(500)).isNaN();
    }

    @Test
    void latenciesBeyondTheScaleCountAsTheLongest() {
        WindowResult result = new WindowResult();

        result.served(TimeUnit.HOURS.toNanos(5));

        assertThat(result.percentileMillis(50)).isCloseTo(3_600_000, within(3_600.0));
    }
}
