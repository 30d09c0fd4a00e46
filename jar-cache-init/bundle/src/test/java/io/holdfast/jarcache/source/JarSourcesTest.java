package io.holdfast.jarcache.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JarSourcesTest {

    private final JarSources sources = new JarSources(HttpSettings.USUAL, HdfsSettings.NONE);

    @TempDir
    private Path directory;

    @AfterEach
    void close() {
        sources.close();
    }

    @Test
    void fileIsCopied() throws IOException {
        Path jar = Files.writeString(directory.resolve("x.jar"), "bytes");
        Path target = Files.writeString(directory.resolve("y.jar"), "other bytes");

        sources.fetch(jar.toUri(), target, Transfer.SILENT);

        assertThat(target).hasContent("bytes");
    }

    @Test
    void absentFileIsNamed() {
        HoldfastException failure = failure(directory.resolve("absent.jar").toUri());

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure).hasMessageStartingWith("There is no file " + directory.resolve("absent.jar"));
    }

    @Test
    void directoryIsNoJar() {
        assertThat(failure(directory.toUri())).hasMessageStartingWith("There is no file " + directory);
    }

    @Test
    void unknownKindOfSourceIsRefused() {
        HoldfastException failure = failure(URI.create("s3://bucket/x.jar"));

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure).hasMessageContaining("'s3'").hasMessageContaining("file, hdfs, http, https");
    }

    private HoldfastException failure(URI jar) {
        return catchThrowableOfType(
                HoldfastException.class, () -> sources.fetch(jar, directory.resolve("y.jar"), Transfer.SILENT));
    }
}
