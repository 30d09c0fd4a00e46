package io.holdfast.jarcache.source;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** {@code file:} URIs. */
final class FileJarSource implements JarSource {

    @Override
    public void fetch(URI jar, Path target, Transfer transfer) {
        Path file = Path.of(jar);
        try {
            if (!Files.isRegularFile(file)) {
                throw new NoSuchFileException(file.toString());
            }
            Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
            long bytes = Files.size(target);
            transfer.at(bytes, bytes);
        } catch (NoSuchFileException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "There is no file " + file,
                    "Correct the source of this jar, or put it there",
                    e);
        } catch (IOException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "Cannot copy %s to %s: %s".formatted(file, target, e),
                    "Check permissions, and free space",
                    e);
        }
    }

    @Override
    public void close() {}
}
