package io.holdfast.migration.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDirectoriesTest {
    @TempDir
    private Path volume;

    private Path checkpoint;
    private StateDirectories directories;

    @BeforeEach
    void prepare() throws Exception {
        checkpoint = Files.createDirectories(volume.toRealPath().resolve("chk_1"));
        Files.writeString(volume.resolve("secret"), "");
        Files.writeString(checkpoint.resolve("a"), "");
        directories = new StateDirectories(List.of(volume));
    }

    @Test
    void namesThatLeadUpOrElsewhereAreNoFileWhoeverGivesThem() throws Exception {
        assertThat(directories.file(checkpoint, List.of("a"))).isPresent();
        assertThat(directories.file(checkpoint, List.of("..", "secret"))).isEmpty();
        assertThat(directories.file(checkpoint, List.of("../secret"))).isEmpty();
        assertThat(directories.file(checkpoint, List.of("/etc/passwd"))).isEmpty();
        assertThat(directories.file(checkpoint, List.of(".", "a"))).isEmpty();
        assertThat(directories.file(checkpoint, List.of("a\0"))).isEmpty();
    }

    @Test
    void directoryThatIsNotThereYetIsNoProblem() throws Exception {
        assertThat(new StateDirectories(List.of(volume, volume.resolve("later"))).problems())
                .isEmpty();
        assertThat(new StateDirectories(List.of(checkpoint.resolve("a"))).problems())
                .singleElement()
                .asString()
                .contains("is no directory");
    }
}
