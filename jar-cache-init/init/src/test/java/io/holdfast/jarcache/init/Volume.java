package io.holdfast.jarcache.init;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** A real file system of a certain size, in memory. Needs root; without, the test is skipped and says so. */
final class Volume implements AutoCloseable {
    private final Path directory;

    private Volume(Path directory) {
        this.directory = directory;
    }

    static Volume ofMebibytes(Path directory, int mebibytes) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "holdfast-test", directory.toString()) != 0) {
            String why = "SKIPPED: a full or read-only disk needs a mount. Run as root, with CAP_SYS_ADMIN.";
            System.out.println(why);
            Assumptions.abort(why);
        }
        return new Volume(directory);
    }

    void remount(String options) {
        if (run("mount", "-o", "remount," + options, directory.toString()) != 0) {
            throw new AssertionError(directory + " cannot be remounted with " + options);
        }
    }

    private static int run(String... command) {
        try {
            return new ProcessBuilder(List.of(command)).inheritIO().start().waitFor();
        } catch (IOException e) {
            return -1; // no such program
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        if (run("umount", directory.toString()) != 0 && run("umount", "-l", directory.toString()) != 0) {
            throw new AssertionError(directory + " is still mounted. Run: umount " + directory);
        }
    }
}
