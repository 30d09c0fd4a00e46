package io.holdfast.benchmarks.jarcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.holdfast.benchmarks.jarcache.Start.Took;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartTest {

    @TempDir
    private Path directory;

    @Test
    void allRunAtOnceUntilTheLastHasEnded() throws IOException {
        Start sleep = shell("sleep 0.$TENTHS", Map.of("TENTHS", "3"));

        Took took = Start.all(List.of(sleep, shell("true", Map.of()), sleep), directory);

        assertThat(took.wallMillis()).isGreaterThanOrEqualTo(300);
        assertThat(took.cpuMillis()).isLessThan(took.wallMillis());
    }

    @Test
    void processorTimeIsThatOfTheProcesses() throws IOException {
        Took took =
                Start.all(List.of(shell("i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done", Map.of())), directory);

        assertThat(took.cpuMillis()).isGreaterThan(20);
    }

    @Test
    void whatAFailedStartPrintedIsShown() {
        assertThatIOException()
                .isThrownBy(() -> Start.all(List.of(shell("echo no such jar >&2; exit 69", Map.of())), directory))
                .withMessageContaining("ended with 69: no such jar");
    }

    private static Start shell(String script, Map<String, String> environment) {
        return new Start(List.of("sh", "-c", script), environment);
    }
}
