package io.holdfast.migration.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChecksumsTest {
    /** Of RFC 3720, B.4. */
    private static final int OF_32_ZEROS = 0x8a9136aa;

    @TempDir
    private Path directory;

    private final AtomicInteger read = new AtomicInteger();
    private final Checksums checksums = new Checksums(read::incrementAndGet, 2);

    @Test
    void fileIsReadOnceWhateverItIsCalled() throws Exception {
        Path first = Files.write(directory.resolve("000012.sst"), new byte[32]);

        assertThat(checksums.of(first)).isEqualTo(new Checksums.Checked(32, OF_32_ZEROS));
        Path link = Files.createLink(directory.resolve("hard-link"), first);
        assertThat(checksums.of(link)).isEqualTo(new Checksums.Checked(32, OF_32_ZEROS));
        Files.delete(first);
        assertThat(checksums.of(link)).isEqualTo(new Checksums.Checked(32, OF_32_ZEROS));

        assertThat(read).hasValue(1);
    }

    @Test
    void fileThatChangedIsReadAgain() throws Exception {
        Path file = Files.write(directory.resolve("MANIFEST"), new byte[32]);
        checksums.of(file);

        Files.write(file, new byte[] {1});
        assertThat(checksums.of(file).bytes()).isEqualTo(1);
        Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
        checksums.of(file);

        assertThat(read).hasValue(3);
    }

    @Test
    void thoseThatNobodyAskedForAreForgotten() throws Exception {
        Path one = Files.write(directory.resolve("1"), new byte[1]);
        Path two = Files.write(directory.resolve("2"), new byte[2]);
        Path three = Files.write(directory.resolve("3"), new byte[3]);

        checksums.of(one);
        checksums.of(two);
        checksums.of(one);
        checksums.of(three);
        checksums.of(one);
        assertThat(read).hasValue(3);
        checksums.of(two);
        assertThat(read).hasValue(4);
    }

    @Test
    void fileThatIsGoneAndLinkThatLeadsElsewhereAreNotRead() throws Exception {
        assertThatThrownBy(() -> checksums.of(directory.resolve("none"))).isInstanceOf(NoSuchFileException.class);
        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("/etc/passwd"));

        assertThatThrownBy(() -> checksums.of(link)).isInstanceOf(java.io.IOException.class);
        assertThat(read).hasValue(0);
    }
}
