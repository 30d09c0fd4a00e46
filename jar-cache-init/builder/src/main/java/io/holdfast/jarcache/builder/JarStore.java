package io.holdfast.jarcache.builder;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.Checksum;
import io.holdfast.jarcache.builder.BundleFile.DeclaredJar;
import io.holdfast.jarcache.builder.BundleLock.Found;
import io.holdfast.jarcache.source.JarSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Jars that were fetched on this machine, by digest, so that no jar is fetched twice. Several programs may use one
 * directory at once: under its name a jar is complete or absent. Files of this machine are used where they are.
 */
final class JarStore {

    private static final int FETCHED_AT_ONCE = 4;
    private static final int SHOWN_BYTES = 20;
    private static final Duration LEFT_BEHIND = Duration.ofDays(1);
    private static final String PARTIAL = ".part";

    private final Path directory;
    private final JarSource sources;
    private final Progress progress;
    private final AtomicBoolean swept = new AtomicBoolean();

    JarStore(Path directory, JarSource sources, Progress progress) {
        this.directory = directory;
        this.sources = sources;
        this.progress = progress;
    }

    /**
     * Fetches {@code jars} from their sources, whatever is here already.
     *
     * @throws HoldfastException if one cannot be fetched, or is declared with another digest; it names all of them
     */
    Map<DeclaredJar, Found> find(List<DeclaredJar> jars) {
        return forEach(jars, this::find);
    }

    /**
     * Files that hold {@code jars} as they were found.
     *
     * @throws HoldfastException if one cannot be fetched, or is another jar now; it names all of them
     */
    Map<DeclaredJar, Path> get(List<DeclaredJar> jars, BundleLock lock) {
        return forEach(jars, jar -> get(jar, lock.of(jar).orElseThrow()));
    }

    private Found find(DeclaredJar jar) throws IOException {
        if (jar.origin().isLocal()) {
            Path file = local(jar);
            requireJar(jar, file);
            Found found = Found.of(file);
            check(jar, found.sha256(), jar.sha256());
            progress.done(jar.name(), found.bytes(), "here");
            return found;
        }
        Path partial = partial();
        try {
            sources.fetch(jar.origin().location(), partial, progress.transfer(jar.name()));
            requireJar(jar, partial);
            Found found = Found.of(partial);
            check(jar, found.sha256(), jar.sha256());
            Files.move(partial, stored(found.sha256()), StandardCopyOption.ATOMIC_MOVE);
            progress.done(jar.name(), found.bytes(), "fetched");
            return found;
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private Path get(DeclaredJar jar, Found found) throws IOException {
        if (jar.origin().isLocal()) {
            Path file = local(jar);
            check(jar, Checksum.SHA_256.of(file), Optional.of(found.sha256()));
            progress.done(jar.name(), found.bytes(), "here");
            return file;
        }
        Path stored = stored(found.sha256());
        if (Files.exists(stored) && Checksum.SHA_256.of(stored).equals(found.sha256())) {
            progress.done(jar.name(), found.bytes(), "fetched before");
            return stored;
        }
        Path partial = partial();
        try {
            sources.fetch(jar.origin().location(), partial, progress.transfer(jar.name()));
            check(jar, Checksum.SHA_256.of(partial), Optional.of(found.sha256()));
            Files.move(partial, stored, StandardCopyOption.ATOMIC_MOVE);
            progress.done(jar.name(), found.bytes(), "fetched");
            return stored;
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private static Path local(DeclaredJar jar) {
        Path file = Path.of(jar.origin().location());
        if (!Files.isRegularFile(file)) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "There is no file %s, the source of %s".formatted(file, jar.name()),
                    "Build it, or correct the source");
        }
        return file;
    }

    /** A proxy that wants a login answers with a page, and says that all is well. */
    private static void requireJar(DeclaredJar jar, Path file) throws IOException {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            zip.size();
        } catch (ZipException e) {
            byte[] head;
            try (InputStream in = Files.newInputStream(file)) {
                head = in.readNBytes(SHOWN_BYTES);
            }
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%s, the source of %s, is no jar: it %s"
                            .formatted(
                                    jar.origin().declared(),
                                    jar.name(),
                                    head.length == 0
                                            ? "is empty"
                                            : "begins with '%s'"
                                                    .formatted(new String(head, StandardCharsets.US_ASCII)
                                                            .replaceAll("[^\\x20-\\x7e]", "."))),
                    "Look at what is there, and correct the source",
                    e);
        }
    }

    private static void check(DeclaredJar jar, String actual, Optional<String> expected) {
        if (expected.isPresent() && !expected.get().equals(actual)) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%s is another jar than it was: %s has sha256 %s, and %s is expected"
                            .formatted(jar.name(), jar.origin().declared(), actual, expected.get()),
                    "Find out who replaced it; if that is right, correct its sha256 if you declared one, and run"
                            + " './holdfast bundle lock --update'");
        }
    }

    /** Of programs that were ended: nobody fetches one jar for so long. */
    private void sweep() throws IOException {
        Instant limit = Instant.now().minus(LEFT_BEHIND);
        try (DirectoryStream<Path> partials = Files.newDirectoryStream(directory, "*" + PARTIAL)) {
            for (Path partial : partials) {
                if (Files.getLastModifiedTime(partial).toInstant().isBefore(limit)) {
                    Files.deleteIfExists(partial);
                }
            }
        }
    }

    private Path stored(String sha256) {
        return directory.resolve(sha256 + ".jar");
    }

    private Path partial() throws IOException {
        Files.createDirectories(directory);
        if (!swept.getAndSet(true)) {
            sweep();
        }
        return directory.resolve(UUID.randomUUID() + PARTIAL);
    }

    /** What is to be done with a jar. */
    private interface Task<T> {
        T of(DeclaredJar jar) throws IOException;
    }

    private <T> Map<DeclaredJar, T> forEach(List<DeclaredJar> jars, Task<T> task) {
        Map<DeclaredJar, T> results = new LinkedHashMap<>();
        List<HoldfastException> failures = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(FETCHED_AT_ONCE);
        try {
            Map<DeclaredJar, Future<T>> running = new LinkedHashMap<>();
            jars.forEach(jar -> running.put(jar, threads.submit(() -> task.of(jar))));
            for (Map.Entry<DeclaredJar, Future<T>> entry : running.entrySet()) {
                try {
                    results.put(entry.getKey(), entry.getValue().get());
                } catch (ExecutionException e) {
                    failures.add(failure(entry.getKey(), e.getCause()));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HoldfastException(Disposition.RETRYABLE, "Interrupted", "Run it again", e);
        } finally {
            threads.shutdownNow();
        }
        if (failures.size() == 1) {
            throw failures.get(0);
        }
        if (!failures.isEmpty()) {
            throw together(failures);
        }
        return results;
    }

    private HoldfastException failure(DeclaredJar jar, Throwable cause) {
        if (cause instanceof HoldfastException known) {
            return known;
        }
        if (cause instanceof IOException e) {
            return new HoldfastException(
                    Disposition.FATAL,
                    "%s cannot be kept in %s: %s".formatted(jar.name(), directory, e),
                    "Check free space and permissions there, or give another directory with --cache",
                    e);
        }
        throw new IllegalStateException("fetching " + jar.name(), cause);
    }

    private static HoldfastException together(List<HoldfastException> failures) {
        StringBuilder lines = new StringBuilder();
        failures.forEach(failure -> lines.append("\n- ").append(failure.getMessage()));
        boolean mayPass = failures.stream().allMatch(failure -> failure.disposition() == Disposition.RETRYABLE);
        return new HoldfastException(
                mayPass ? Disposition.RETRYABLE : Disposition.FATAL,
                failures.size() + " jars cannot be had:" + lines + "\nNothing was written.",
                "Do what each line says, and run it again");
    }
}
