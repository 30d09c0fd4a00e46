package io.holdfast.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Stands in for the entry point of Flink's image, which ends in the same way when it is given a command to run. */
final class ImageEntryPoint {

    private ImageEntryPoint() {}

    static Path in(Path directory) {
        return script(directory.resolve("image-entrypoint.sh"), "exec \"$@\"");
    }

    /** An executable file with these lines for bash. */
    static Path script(Path file, String lines) {
        try {
            Files.writeString(file, "#!/usr/bin/env bash\n" + lines + "\n");
            return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
