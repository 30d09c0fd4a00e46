package io.holdfast.jarcache.init;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.BundledJar;
import io.holdfast.jarcache.Checksum;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The jars of a target directory. Under its own name a jar is either absent or complete and verified: it is made as {@code
 * NAME.RUN.part} beside, and then gets its name in one step. Whoever has the old file open keeps it.
 *
 * <p>Nothing is forced to the disk: after a crash of the node a file may be empty, which the next run finds and repairs.
 */
final class JarShelf {
    private static final Logger LOG = LoggerFactory.getLogger(JarShelf.class);
    private static final Pattern PARTIAL = Pattern.compile(".+\\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\\.part");

    private final Path target;
    private final String run;
    private final JarCacheConfig.Verify verify;

    JarShelf(Path target, String run, JarCacheConfig.Verify verify) {
        this.target = target;
        this.run = run;
        this.verify = verify;
    }

    /** Fills a partial file. */
    interface Filler {
        /**
         * Makes {@code partial}, which does not exist, and verifies it.
         *
         * @throws IOException if the volume refuses
         */
        void fill(Path partial) throws IOException, UnusableJar;
    }

    /**
     * Puts {@code jar} on the shelf, in place of what has its name. Losing a race against another run is success: both have
     * the same bytes.
     *
     * @throws UnusableJar if {@code filler} throws it; the shelf is as it was
     * @throws HoldfastException as {@link VolumeFailure} says; the shelf is as it was
     */
    void place(BundledJar jar, Filler filler) throws UnusableJar {
        Path path = path(jar);
        Path partial = path.resolveSibling(partialName(jar.name(), run));
        try {
            Directories.make(target, path.getParent());
            filler.fill(partial);
            Files.move(partial, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                throw new HoldfastException(
                        Disposition.FATAL,
                        path + " is a directory, where a jar must go",
                        "Remove it, or set HOLDFAST_JAR_CACHE_TARGET to another directory",
                        e);
            }
            throw VolumeFailure.of("write " + path, target, e);
        } finally {
            deleteQuietly(partial);
        }
    }

    /** Whether {@code jar} is there and passes the check that was asked for. What is there and does not is logged. */
    boolean holds(BundledJar jar) {
        Path path = path(jar);
        try {
            if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
                return false;
            }
            check(jar, path, verify);
            return true;
        } catch (UnusableJar e) {
            LOG.warn("Wrong jar on the shelf is replaced: file={} reason={}", path, e.getMessage());
            return false;
        } catch (NoSuchFileException e) {
            return false;
        } catch (ClosedByInterruptException e) {
            throw VolumeFailure.of("read " + path, target, e);
        } catch (IOException e) {
            LOG.warn("Jar on the shelf cannot be read and is replaced: file={} reason={}", path, e.toString());
            return false;
        }
    }

    /** Checks that {@code file} is {@code jar}, as thoroughly as {@code verify} says. */
    static void check(BundledJar jar, Path file, JarCacheConfig.Verify verify) throws IOException, UnusableJar {
        if (verify != JarCacheConfig.Verify.OFF) {
            checkSize(jar, Files.size(file));
        }
        if (verify.checksum().isPresent()) {
            Checksum checksum = verify.checksum().get();
            check(jar, checksum, checksum.of(file));
        }
    }

    static void checkSize(BundledJar jar, long bytes) throws UnusableJar {
        if (bytes != jar.bytes()) {
            throw new UnusableJar("it has %d bytes and must have %d".formatted(bytes, jar.bytes()));
        }
    }

    /** Checks that {@code actual}, the {@code checksum} of some bytes, is that of {@code jar}. */
    static void check(BundledJar jar, Checksum checksum, String actual) throws UnusableJar {
        if (!actual.equals(checksum.of(jar))) {
            throw new UnusableJar("its %s is %s and must be %s".formatted(checksum.word(), actual, checksum.of(jar)));
        }
    }

    Path path(BundledJar jar) {
        return target.resolve(jar.path());
    }

    /** Jars in the places of the shelf that are none of {@code jars}. */
    List<Path> strangers(List<BundledJar> jars) {
        List<Path> known = jars.stream().map(this::path).toList();
        List<Path> strangers = new ArrayList<>();
        for (Path place : places(target)) {
            for (Path file : list(place)) {
                if (file.toString().endsWith(".jar") && !known.contains(file)) {
                    strangers.add(file);
                }
            }
        }
        return strangers;
    }

    static String partialName(String name, String run) {
        return name + "." + run + ".part";
    }

    /** All partial files of {@code target}, of whichever run. */
    static List<Path> partials(Path target) {
        List<Path> partials = new ArrayList<>();
        List<Path> directories = places(target);
        directories.add(target.resolve(RunRegister.DIRECTORY));
        for (Path directory : directories) {
            list(directory).stream()
                    .filter(file ->
                            PARTIAL.matcher(file.getFileName().toString()).matches())
                    .forEach(partials::add);
        }
        return partials;
    }

    /** The id of the run that made {@code partial}. */
    static String runOf(Path partial) {
        Matcher matcher = PARTIAL.matcher(partial.getFileName().toString());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not the name of a partial file: " + partial);
        }
        return matcher.group(1);
    }

    private static List<Path> places(Path target) {
        List<Path> places = new ArrayList<>(List.of(target.resolve("lib"), target.resolve("usrlib")));
        list(target.resolve("plugins")).stream().filter(Files::isDirectory).forEach(places::add);
        return places;
    }

    private static List<Path> list(Path directory) {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            stream.forEach(files::add);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        } catch (IOException e) {
            LOG.warn("Directory cannot be listed: directory={} reason={}", directory, e.toString());
        }
        return files.stream().sorted().toList();
    }

    private static void deleteQuietly(Path partial) {
        try {
            Files.deleteIfExists(partial);
        } catch (IOException e) {
            LOG.warn("Partial jar left behind: file={} reason={}", partial, e.toString());
        }
    }
}
