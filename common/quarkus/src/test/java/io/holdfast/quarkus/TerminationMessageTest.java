package io.holdfast.quarkus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TerminationMessageTest {
    private static final String VARIABLE = "HOLDFAST_TRY_OUT_TERMINATION_MESSAGE_FILE";

    @TempDir
    private Path directory;

    @Test
    void lastWordsReplaceThoseOfTheRunBefore() throws IOException {
        Path file = Files.writeString(directory.resolve("log"), "a longer message of the run before");

        TerminationMessage.of("HOLDFAST_TRY_OUT", Map.of(VARIABLE, file.toString()))
                .write(List.of("One.", "Two."));

        assertThat(file).hasContent("One.\nTwo.");
    }

    @Test
    void fileThatWasAskedForIsMade() {
        Path file = directory.resolve("new");

        TerminationMessage.of("HOLDFAST_TRY_OUT", Map.of(VARIABLE, file.toString()))
                .write(List.of("One."));

        assertThat(file).hasContent("One.");
    }

    @Test
    void absentDirectoryIsNoFailure() {
        Path file = directory.resolve("no/such/directory");

        TerminationMessage.of("HOLDFAST_TRY_OUT", Map.of(VARIABLE, file.toString()))
                .write(List.of("One."));

        assertThat(file).doesNotExist();
    }

    @Test
    void defaultIsThatOfKubernetesAndIsNotMade() {
        assertThat(TerminationMessage.of("HOLDFAST_TRY_OUT", Map.of()))
                .isEqualTo(new TerminationMessage(Path.of("/dev/termination-log"), false));

        Path file = directory.resolve("log");
        new TerminationMessage(file, false).write(List.of("One."));

        assertThat(file).doesNotExist();
    }

    @Test
    void noMoreIsWrittenThanKubernetesKeeps() throws IOException {
        Path file = directory.resolve("log");

        new TerminationMessage(file, true).write(List.of("aä€😀".repeat(2000)));

        assertThat(Files.size(file))
                .isBetween(TerminationMessage.MOST_BYTES - 8L, (long) TerminationMessage.MOST_BYTES);
        assertThat(Files.readString(file)).startsWith("aä€😀").doesNotContain("?", "\uFFFD");
    }
}
