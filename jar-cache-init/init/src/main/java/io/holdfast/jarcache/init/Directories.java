package io.holdfast.jarcache.init;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Makes directories and files that the Flink container can read, which may run as another user. */
final class Directories {
    private static final Set<PosixFilePermission> OF_A_DIRECTORY = PosixFilePermissions.fromString("rwxr-xr-x");
    private static final Set<PosixFilePermission> OF_A_FILE = PosixFilePermissions.fromString("rw-r--r--");

    private Directories() {}

    /** Makes {@code directory} and what is missing above it, at most up to {@code root}, which is made like any other. */
    static void make(Path root, Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        if (!directory.equals(root)) {
            make(root, directory.getParent());
        } else if (root.getParent() != null) {
            Files.createDirectories(root.getParent());
        }
        try {
            Files.createDirectory(directory);
            set(directory, OF_A_DIRECTORY); // whatever the umask
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
    }

    /** Lets everybody read {@code file}, which is this process's own. */
    static void readableByAll(Path file) throws IOException {
        set(file, OF_A_FILE);
    }

    private static void set(Path path, Set<PosixFilePermission> permissions) throws IOException {
        if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(path, permissions);
        }
    }
}
