package io.holdfast.jarcache.builder;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** The OCI image layout as a directory. Jib writes it as a tar. */
final class OciLayout {

    private static final String MARK = "oci-layout";

    private OciLayout() {}

    /** Unpacks {@code tar} into {@code directory}, which is absent, empty, or an image layout, which is replaced. */
    static void unpack(Path tar, Path directory) throws IOException {
        Path target = directory.toAbsolutePath().normalize();
        if (Files.exists(target)) {
            clear(target);
        }
        Files.createDirectories(target);
        try (InputStream file = new BufferedInputStream(Files.newInputStream(tar));
                TarArchiveInputStream in = new TarArchiveInputStream(file)) {
            for (TarArchiveEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                Path path = target.resolve(entry.getName()).normalize();
                if (!path.startsWith(target)) {
                    throw new IOException("an entry leaves the directory: " + entry.getName());
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(path);
                } else {
                    Files.createDirectories(path.getParent());
                    Files.copy(in, path);
                }
            }
        }
    }

    private static void clear(Path directory) throws IOException {
        try (Stream<Path> inside = Files.list(directory)) {
            if (inside.findAny().isPresent() && !Files.exists(directory.resolve(MARK))) {
                throw new HoldfastException(
                        Disposition.FATAL,
                        directory + " holds something else than an image layout",
                        "Give an empty directory, or one that is not there");
            }
        }
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
