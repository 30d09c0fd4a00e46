package io.holdfast.jarcache.init;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.BundleManifest;
import io.holdfast.jarcache.BundledJar;
import io.holdfast.jarcache.Checksum;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The jars of the bundle in the image, and how they come out of it. Thread-safe. */
final class ImageJars {
    private static final Logger LOG = LoggerFactory.getLogger(ImageJars.class);

    /** File systems on which the kernel shares blocks of copies. */
    private static final Set<String> SHARING = Set.of("xfs", "btrfs", "bcachefs");

    private final Path jars;
    private final JarCacheConfig.Verify verify;
    private final boolean auto;
    private volatile CopyMethod method;

    /** @param mode not {@link JarCacheConfig.Mode#VERIFY}, which copies nothing */
    ImageJars(Path bundle, JarCacheConfig.Mode mode, JarCacheConfig.Verify verify) {
        this.jars = bundle.resolve(BundleManifest.JARS);
        this.verify = verify;
        auto = mode == JarCacheConfig.Mode.AUTO;
        method = switch (mode) {
            case AUTO, HARD_LINK -> CopyMethod.HARD_LINK;
            case REFLINK -> CopyMethod.REFLINK;
            case COPY, VERIFY -> CopyMethod.COPY;
        };
    }

    /** The method in use; while it is to be found out, that which is tried next. */
    CopyMethod method() {
        return method;
    }

    /** Checks {@code jar} where it is. */
    void check(BundledJar jar) throws UnusableJar {
        Path source = require(jar);
        try {
            JarShelf.check(jar, source, verify);
        } catch (ClosedByInterruptException e) {
            throw VolumeFailure.of("read " + source, jars, e);
        } catch (IOException e) {
            throw new UnusableJar("it cannot be read: " + e.getMessage());
        }
    }

    /**
     * Makes {@code partial} of {@code jar} by the best method that works, and verifies it.
     *
     * @throws UnusableJar if the image does not have the jar, or not with the right bytes
     * @throws IOException if {@code partial} cannot be written
     */
    void copy(BundledJar jar, Path partial) throws IOException, UnusableJar {
        Path source = require(jar);
        if (verify != JarCacheConfig.Verify.OFF) {
            JarShelf.checkSize(jar, Files.size(source));
        }
        Optional<String> made;
        try {
            made = copyByBestMethod(source, partial);
        } catch (CopyMethod.SourceUnreadable e) {
            throw new UnusableJar("it cannot be read: " + e.getMessage());
        }
        if (verify != JarCacheConfig.Verify.OFF) {
            JarShelf.checkSize(jar, Files.size(partial));
        }
        if (made.isPresent()) {
            JarShelf.check(jar, verify.checksum().orElseThrow(), made.get());
        }
    }

    private Optional<String> copyByBestMethod(Path source, Path partial) throws IOException {
        Optional<Checksum> checksum = verify.checksum();
        CopyMethod tried = method;
        if (tried == CopyMethod.HARD_LINK) {
            try {
                requireReadableByAll(source);
                return tried.copy(source, partial, checksum);
            } catch (CopyMethod.SourceUnreadable | ClosedByInterruptException e) {
                throw e;
            } catch (IOException e) {
                if (!auto) {
                    throw cannotLink(source, e);
                }
                Files.deleteIfExists(partial);
                tried = sharesBlocks(source, partial) ? CopyMethod.REFLINK : CopyMethod.COPY;
                method = tried;
                LOG.debug("Jars are not linked: method={} reason={}", tried.word(), e.toString());
            }
        }
        Optional<String> made = tried.copy(source, partial, checksum);
        Directories.readableByAll(partial);
        return made;
    }

    /** A link has the permissions of the file, and they are not ours to change. */
    private static void requireReadableByAll(Path source) throws IOException {
        if (source.getFileSystem().supportedFileAttributeViews().contains("posix")
                && !Files.getPosixFilePermissions(source).contains(PosixFilePermission.OTHERS_READ)) {
            throw new IOException("not everybody may read it");
        }
    }

    private static HoldfastException cannotLink(Path source, IOException e) {
        return new HoldfastException(
                Disposition.FATAL,
                "%s cannot be linked to: %s".formatted(source, e.getMessage()),
                "Set HOLDFAST_JAR_CACHE_MODE to auto or copy; a link needs bundle and target on one mount, a file that "
                        + "everybody may read, and often that the user of this process owns it",
                e);
    }

    private static boolean sharesBlocks(Path source, Path partial) throws IOException {
        var from = Files.getFileStore(source);
        return SHARING.contains(from.type()) && from.equals(Files.getFileStore(partial.getParent()));
    }

    private Path require(BundledJar jar) throws UnusableJar {
        Path source = jars.resolve(jar.path());
        if (!Files.exists(source, LinkOption.NOFOLLOW_LINKS)) {
            throw new UnusableJar("it is not there");
        }
        if (!Files.isRegularFile(source)) {
            throw new UnusableJar("it is no file");
        }
        return source;
    }

    /** The order in which large jars do not keep all others waiting at the end. */
    static List<BundledJar> largestFirst(List<BundledJar> jars) {
        return jars.stream()
                .sorted((one, other) -> Long.compare(other.bytes(), one.bytes()))
                .toList();
    }
}
