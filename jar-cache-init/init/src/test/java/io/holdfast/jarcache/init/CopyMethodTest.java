package io.holdfast.jarcache.init;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.holdfast.jarcache.Checksum;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CopyMethodTest {
    private static final int SOME_BUFFERS_AND_A_HALF = (1 << 20) + 77;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource
    void copyHasTheBytesAndTheirChecksum(CopyMethod method) throws IOException {
        Path source = source(SOME_BUFFERS_AND_A_HALF);
        Path partial = directory.resolve("copy");

        for (Checksum checksum : Checksum.values()) {
            assertThat(method.copy(source, partial, Optional.of(checksum))).contains(checksum.of(source));
            assertThat(partial).hasSameBinaryContentAs(source);
            Files.delete(partial);
        }
    }

    @ParameterizedTest
    @EnumSource
    void withoutAChecksumTheBytesAreTheSame(CopyMethod method) throws IOException {
        Path source = source(SOME_BUFFERS_AND_A_HALF);
        Path partial = directory.resolve("copy");

        assertThat(method.copy(source, partial, Optional.empty())).isEmpty();
        assertThat(partial).hasSameBinaryContentAs(source);
    }

    @ParameterizedTest
    @EnumSource
    void emptyFileIsCopied(CopyMethod method) throws IOException {
        Path source = source(0);
        Path partial = directory.resolve("copy");

        method.copy(source, partial, Optional.of(Checksum.CRC_32C));

        assertThat(partial).isEmptyFile();
    }

    @ParameterizedTest
    @EnumSource
    void whatIsThereIsNeverOverwritten(CopyMethod method) throws IOException {
        Path source = source(10);
        Path partial = Files.writeString(directory.resolve("copy"), "mine");

        assertThatExceptionOfType(FileAlreadyExistsException.class)
                .isThrownBy(() -> method.copy(source, partial, Optional.of(Checksum.CRC_32C)));
        assertThat(partial).hasContent("mine");
    }

    @ParameterizedTest
    @EnumSource(names = {"REFLINK", "COPY"})
    void sourceThatCannotBeReadIsToldApartFromTheTarget(CopyMethod method) throws IOException {
        Path directoryAsSource = Files.createDirectory(directory.resolve("source"));
        Path missing = directory.resolve("missing");

        assertThatExceptionOfType(CopyMethod.SourceUnreadable.class)
                .isThrownBy(() -> method.copy(missing, directory.resolve("copy1"), Optional.of(Checksum.CRC_32C)));
        for (Optional<Checksum> checksum : List.of(Optional.of(Checksum.CRC_32C), Optional.<Checksum>empty())) {
            Path partial = directory.resolve("copy of " + checksum);
            assertThatExceptionOfType(CopyMethod.SourceUnreadable.class)
                    .isThrownBy(() -> method.copy(directoryAsSource, partial, checksum));
        }
    }

    private Path source(int bytes) throws IOException {
        byte[] content = new byte[bytes];
        new Random(7).nextBytes(content);
        return Files.write(directory.resolve("source.jar"), content);
    }
}
