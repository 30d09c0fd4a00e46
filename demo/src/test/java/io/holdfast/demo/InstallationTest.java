package io.holdfast.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstallationTest {

    private static final String TARGET = "flink-connectors/flink-2.3/target/";

    @TempDir
    private Path home;

    @Test
    void findsTheShadedJarAndNotItsNeighbours() throws IOException {
        built("testing/flink-dist/2.3/target/lib/flink-runtime-2.3.0.jar");
        built("demo/target/holdfast-demo.jar");
        built("testing/target/holdfast-testing.jar");
        built(TARGET + "holdfast-flink-2.3-0.1.0-SNAPSHOT.jar");
        built(TARGET + "original-holdfast-flink-2.3-0.1.0-SNAPSHOT.jar");
        built(TARGET + "holdfast-flink-2.3-0.1.0-SNAPSHOT-sources.jar");

        Installation installation = Installation.find(home, "2.3");

        assertThat(installation.holdfastJar().getFileName()).hasToString("holdfast-flink-2.3-0.1.0-SNAPSHOT.jar");
        assertThat(installation.jobJars())
                .containsExactly(
                        home.resolve("demo/target/holdfast-demo.jar"),
                        home.resolve("testing/target/holdfast-testing.jar"));
    }

    @Test
    void twoVersionsSideBySideAreAnError() throws IOException {
        built("testing/flink-dist/2.3/target/lib/flink-runtime-2.3.0.jar");
        built(TARGET + "holdfast-flink-2.3-0.1.0.jar");
        built(TARGET + "holdfast-flink-2.3-0.2.0.jar");

        assertThatThrownBy(() -> Installation.find(home, "2.3"))
                .isInstanceOf(HoldfastException.class)
                .hasMessageContaining("2 holdfast-flink-2.3 jars")
                .hasMessageEndingWith("Delete the older.");
    }

    private void built(String jar) throws IOException {
        Path path = home.resolve(jar);
        Files.createDirectories(path.getParent());
        Files.createFile(path);
    }
}
