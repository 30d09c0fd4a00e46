package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstalledJavaTest {

    @TempDir
    private Path directory;

    @Test
    void theOneThatRunsIsFound() {
        assertThat(InstalledJava.home(Runtime.version().feature())).contains(Path.of(System.getProperty("java.home")));
        assertThat(InstalledJava.home(3)).isEmpty();
    }

    @Test
    void aReleaseIsWhatItsFileSaysIfItCanBeRun() throws IOException {
        java("new", "JAVA_VERSION=\"25.0.3\"", true);
        java("old", "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"1.8.0_412\"", true);
        java("headers-only", "JAVA_VERSION=\"21\"", false);

        assertThat(InstalledJava.installed(directory)).hasSize(3);
        assertThat(InstalledJava.release(directory.resolve("new"))).isEqualTo(25);
        assertThat(InstalledJava.release(directory.resolve("old"))).isEqualTo(8);
        assertThat(InstalledJava.release(directory.resolve("headers-only"))).isZero();
        assertThat(InstalledJava.installed(directory.resolve("none"))).isEmpty();
    }

    private void java(String name, String release, boolean executable) throws IOException {
        Path bin = Files.createDirectories(directory.resolve(name).resolve("bin"));
        Files.writeString(directory.resolve(name).resolve("release"), release);
        if (executable) {
            assertThat(Files.createFile(bin.resolve("java")).toFile().setExecutable(true))
                    .isTrue();
        }
    }
}
