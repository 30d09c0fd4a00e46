package io.holdfast.jarcache.builder;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.Bundle;
import io.holdfast.jarcache.BundledJar;
import io.holdfast.jarcache.Checksum;
import io.holdfast.jarcache.Fields;
import io.holdfast.jarcache.Place;
import io.holdfast.jarcache.builder.BundleFile.DeclaredJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was found at the sources of a bundle: a file beside the bundle file, to be kept with it under version control. It
 * is what makes two builds, months apart, the same.
 */
final class BundleLock {

    private static final int FORMAT = 1;
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** What identifies a jar in a bundle file. */
    private record Key(String name, String place, String source) {

        static Key of(DeclaredJar jar) {
            return new Key(jar.name(), jar.place().path(), jar.origin().declared());
        }
    }

    /** What was found. */
    record Found(String sha256, String crc32c, long bytes) {

        /** What {@code file} is. */
        static Found of(Path file) throws IOException {
            return new Found(Checksum.SHA_256.of(file), Checksum.CRC_32C.of(file), Files.size(file));
        }
    }

    private final Map<Key, Found> jars;

    private BundleLock(Map<Key, Found> jars) {
        this.jars = jars;
    }

    static BundleLock of(Map<DeclaredJar, Found> found) {
        Map<Key, Found> jars = new HashMap<>();
        found.forEach((jar, what) -> jars.put(Key.of(jar), what));
        return new BundleLock(jars);
    }

    /** The lock of {@code file}, if there is one. */
    static Optional<BundleLock> readIfPresent(BundleFile file) {
        return Files.exists(file.lockPath()) ? Optional.of(read(file)) : Optional.empty();
    }

    /**
     * The lock of {@code file}.
     *
     * @throws HoldfastException FATAL if there is none, or it is none
     */
    static BundleLock read(BundleFile file) {
        Path path = file.lockPath();
        JsonNode root;
        try {
            root = JSON.readTree(Files.readAllBytes(path));
        } catch (NoSuchFileException e) {
            throw new HoldfastException(Disposition.FATAL, "There is no " + path, lockIt(file), e);
        } catch (JsonProcessingException e) {
            throw new HoldfastException(
                    Disposition.FATAL, path + " is not JSON: " + e.getOriginalMessage(), lockAnew(file), e);
        } catch (IOException e) {
            throw new HoldfastException(
                    Disposition.FATAL, "Cannot read %s: %s".formatted(path, e), "Check its permissions", e);
        }
        try {
            return Fields.of(path.toString(), root).read(BundleLock::lock);
        } catch (HoldfastException e) {
            throw new HoldfastException(e.disposition(), e.problem(), lockAnew(file), e);
        }
    }

    private static BundleLock lock(Fields fields) {
        long format = fields.number("format");
        if (format != FORMAT) {
            throw fields.wrong("format", "is %d, and this program knows %d".formatted(format, FORMAT));
        }
        Map<Key, Found> jars = new HashMap<>();
        for (Fields jar : fields.objects("jars")) {
            Key key = new Key(jar.text("name"), jar.text("place", Place::new).path(), jar.text("source"));
            Found found = new Found(jar.text("sha256"), jar.text("crc32c"), jar.number("bytes"));
            if (!BundledJar.isSha256(found.sha256)) {
                throw jar.wrong("sha256", "must be 64 hexadecimal digits in lower case: " + found.sha256);
            }
            if (!BundledJar.isCrc32c(found.crc32c)) {
                throw jar.wrong("crc32c", "must be 8 hexadecimal digits in lower case: " + found.crc32c);
            }
            if (found.bytes <= 0) {
                throw jar.wrong("bytes", "must be positive: " + found.bytes);
            }
            jar.nothingElse();
            jars.put(key, found);
        }
        return new BundleLock(jars);
    }

    /** Writes the lock of {@code file}, jars in the order of the bundle. */
    void write(BundleFile file) {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        var list = root.putArray("jars");
        for (DeclaredJar jar : file.jars()) {
            Found found = jars.get(Key.of(jar));
            list.addObject()
                    .put("name", jar.name())
                    .put("place", jar.place().path())
                    .put("source", jar.origin().declared())
                    .put("sha256", found.sha256)
                    .put("crc32c", found.crc32c)
                    .put("bytes", found.bytes);
        }
        Path path = file.lockPath();
        Path partial = path.resolveSibling(path.getFileName() + ".part");
        try {
            Files.writeString(partial, JSON.writeValueAsString(root) + "\n");
            Files.move(partial, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "Cannot write %s: %s".formatted(path, e),
                    "Check free space and permissions there",
                    e);
        }
    }

    /** What was found for {@code jar}; empty if it was declared since. */
    Optional<Found> of(DeclaredJar jar) {
        return Optional.ofNullable(jars.get(Key.of(jar)));
    }

    /**
     * What {@code file} declares, with what was found.
     *
     * @throws HoldfastException FATAL if the file was changed since
     */
    Bundle bundle(BundleFile file) {
        List<String> changed = new ArrayList<>();
        for (DeclaredJar jar : file.jars()) {
            Optional<Found> found = of(jar);
            if (found.isEmpty()) {
                changed.add(jar.name() + " is not locked");
            } else if (!jar.sha256().orElse(found.get().sha256).equals(found.get().sha256)) {
                changed.add(jar.name() + " is declared with another digest");
            }
        }
        if (changed.isEmpty() && jars.size() > file.jars().size()) {
            changed.add("jars were removed");
        }
        if (!changed.isEmpty()) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%s was changed since it was locked: %s".formatted(file.path(), String.join(", ", changed)),
                    lockIt(file));
        }
        return file.bundle(jar -> {
            Found found = of(jar).orElseThrow();
            JarOrigin origin = jar.origin();
            return new BundledJar(
                    jar.name(),
                    jar.place(),
                    origin.isLocal() ? Optional.empty() : Optional.of(origin.location()),
                    found.sha256,
                    found.crc32c,
                    found.bytes);
        });
    }

    private static String lockAnew(BundleFile file) {
        return "Run './holdfast bundle lock --update %s'".formatted(file.path());
    }

    private static String lockIt(BundleFile file) {
        return "Run './holdfast bundle lock %s'".formatted(file.path());
    }
}
