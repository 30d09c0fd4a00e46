package io.holdfast.jarcache.init;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class VolumeFailureTest {
    private static final Path TARGET = Path.of("/holdfast/jars");

    @ParameterizedTest
    @MethodSource("refusals")
    void refusalIsToldWithItsRemedy(IOException refusal, Disposition disposition, String remedy) {
        HoldfastException failure = VolumeFailure.of("write /holdfast/jars/lib/a.jar", TARGET, refusal);

        assertThat(failure.disposition()).isEqualTo(disposition);
        assertThat(failure.problem()).startsWith("Could not write /holdfast/jars/lib/a.jar: ");
        assertThat(failure.remedy()).contains(remedy).contains("/holdfast/jars");
        assertThat(failure).hasCause(refusal);
    }

    static Stream<Arguments> refusals() {
        return Stream.of(
                Arguments.of(new IOException("No space left on device"), Disposition.RETRYABLE, "more space"),
                Arguments.of(
                        new FileSystemException("a", null, "Disk quota exceeded"), Disposition.RETRYABLE, "more space"),
                Arguments.of(new AccessDeniedException("a"), Disposition.FATAL, "fsGroup"),
                Arguments.of(new IOException("Operation not permitted"), Disposition.FATAL, "fsGroup"),
                Arguments.of(
                        new FileSystemException("a", null, "Read-only file system"),
                        Disposition.FATAL,
                        "HOLDFAST_JAR_CACHE_TARGET"),
                Arguments.of(new IOException("Input/output error"), Disposition.RETRYABLE, "Check the volume"),
                Arguments.of(new IOException(), Disposition.RETRYABLE, "Check the volume"));
    }

    @Test
    void interruptIsNoFaultOfTheVolume() {
        HoldfastException failure = VolumeFailure.of("write x", TARGET, new ClosedByInterruptException());

        assertThat(failure).hasMessage("The run was interrupted. The next run continues where this one ended.");
    }

    @Test
    void fullVolumeIsFoundAmongTheCausesOfAFailedDownload() {
        IOException full = new IOException("No space left on device");

        assertThat(VolumeFailure.refusalIn(new RuntimeException("cannot be fetched", full)))
                .contains(full);
        assertThat(VolumeFailure.refusalIn(new RuntimeException("x", new IOException("connection reset"))))
                .isEmpty();
    }
}
