package io.holdfast.testing.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.holdfast.testing.Eventually;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class GatesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long PID = ProcessHandle.current().pid();

    @Test
    void whoComesToAClosedGateWaitsUntilItIsOpened(@TempDir Path directory) throws Exception {
        Gates gates = new Gates(directory);
        gates.close("open-map-1");

        CompletableFuture<Void> other = passed(gates, "open-map-10");
        CompletableFuture<Void> passed = passed(gates, "open-map-1");
        Eventually.until(PATIENCE, () -> assertThat(gates.waiting("open-map-1")).containsExactly(PID));

        other.get();
        assertThat(passed).isNotDone();
        gates.open("open-map-1");
        passed.get();
        assertThat(gates.waiting("open-map-1")).isEmpty();
    }

    @Test
    void gateMayBeClosedForSome(@TempDir Path directory) throws Exception {
        Gates gates = new Gates(directory);
        gates.close("snapshot", 5);

        gates.pass("snapshot", 4);
        CompletableFuture<Void> passed = passed(gates, "snapshot");
        Eventually.until(PATIENCE, () -> assertThat(gates.waiting("snapshot")).containsExactly(PID));
        gates.open("snapshot");

        passed.get();
    }

    @Test
    void whoIsInterruptedDoesNotWait(@TempDir Path directory) throws Exception {
        Gates gates = new Gates(directory);
        gates.close("a");
        gates.close("b");

        Thread.currentThread().interrupt();

        assertThatExceptionOfType(InterruptedIOException.class).isThrownBy(() -> gates.pass("a"));
        assertThat(Thread.interrupted()).isTrue();
        gates.openAll();
        gates.pass("a");
        gates.pass("b");
    }

    private static CompletableFuture<Void> passed(Gates gates, String name) {
        return CompletableFuture.runAsync(() -> {
            try {
                gates.pass(name);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
