package io.holdfast.benchmarks.jarcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JarSetTest {

    @TempDir
    private Path directory;

    @Test
    void biggestJarsAreTakenAndOneOfAName() throws IOException {
        Path one = Files.createDirectory(directory.resolve("one"));
        Path other = Files.createDirectory(directory.resolve("other"));
        Path big = Files.write(one.resolve("big.jar"), new byte[300]);
        Path middle = Files.write(other.resolve("middle.jar"), new byte[200]);
        Files.write(one.resolve("small.jar"), new byte[100]);
        Files.write(other.resolve("big.jar"), new byte[250]);
        Files.write(other.resolve("huge.txt"), new byte[400]);

        JarSet jars = JarSet.biggest(2, List.of(one, other));

        assertThat(jars.jars()).containsExactly(big, middle);
        assertThat(jars.bytes()).isEqualTo(500);
        assertThat(jars.areIn(one)).isFalse();
        Files.copy(middle, one.resolve("middle.jar"));
        assertThat(jars.areIn(one)).isTrue();
        Files.write(one.resolve("middle.jar"), new byte[199]);
        assertThat(jars.areIn(one)).isFalse();
    }

    @Test
    void tooFewJarsAreAnError() throws IOException {
        Files.write(directory.resolve("a.jar"), new byte[1]);

        assertThatIOException()
                .isThrownBy(() -> JarSet.biggest(2, List.of(directory)))
                .withMessageContaining("hold 1 jars, and 2 are needed");
    }
}
