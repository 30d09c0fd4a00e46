package io.holdfast.jarcache.builder;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.Bundle;
import io.holdfast.jarcache.BundledJar;
import io.holdfast.jarcache.Fields;
import io.holdfast.jarcache.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * What somebody declared: a {@code bundle.yaml}. Its fields are described by {@code bundle.schema.json}.
 *
 * @param path of the file
 */
record BundleFile(
        Path path, String name, String version, List<String> flinkVersions, int java, List<DeclaredJar> jars) {

    private static final String CENTRAL = "https://repo1.maven.org/maven2";
    private static final long JAVA = 17;
    private static final Pattern REPOSITORY = Pattern.compile("(https?|file|hdfs):\\S+");

    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** {@code sha256} only if it was declared; then no other jar will do. */
    record DeclaredJar(String name, Place place, JarOrigin origin, Optional<String> sha256) {}

    /**
     * @throws HoldfastException FATAL if it is not there, or not a bundle file; the message says where it is wrong
     */
    static BundleFile read(Path path) {
        JsonNode root;
        try {
            root = YAML.readTree(Files.readAllBytes(path));
        } catch (NoSuchFileException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "There is no bundle file " + path,
                    "Write one, as docs/how-to/cache-jars-in-images.md shows, or give the path of yours",
                    e);
        } catch (JsonProcessingException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%s, line %d: %s"
                            .formatted(
                                    path,
                                    e.getLocation() == null
                                            ? 0
                                            : e.getLocation().getLineNr(),
                                    e.getOriginalMessage().lines().findFirst().orElse("not YAML")),
                    "Correct the YAML there",
                    e);
        } catch (IOException e) {
            throw new HoldfastException(
                    Disposition.FATAL, "Cannot read %s: %s".formatted(path, e), "Check its permissions", e);
        }
        return Fields.of(path.toString(), root).read(fields -> bundle(path, fields));
    }

    private static BundleFile bundle(Path path, Fields fields) {
        String repository = fields.optionalText("repository").orElse(CENTRAL).replaceFirst("/+$", "");
        if (!REPOSITORY.matcher(repository).matches()) {
            throw fields.wrong("repository", "must be a URL of http:, https:, file: or hdfs:: " + repository);
        }
        Path directory = path.toAbsolutePath().getParent();
        BundleFile file = new BundleFile(
                path,
                fields.text("name"),
                fields.text("version"),
                fields.texts("flink"),
                Math.toIntExact(Math.min(fields.optionalNumber("java").orElse(JAVA), Integer.MAX_VALUE)),
                fields.objects("jars").stream()
                        .map(jar -> jar.read(own -> jar(own, repository, directory)))
                        .toList());
        file.bundle(jar ->
                new BundledJar(jar.name, jar.place, Optional.empty(), "0".repeat(64), "0".repeat(8), 1)); // its rules
        return file;
    }

    private static DeclaredJar jar(Fields fields, String repository, Path directory) {
        JarOrigin origin = fields.text("source", declared -> JarOrigin.of(declared, repository, directory));
        String name = fields.optionalText("name").orElseGet(origin::fileName);
        if (!BundledJar.isName(name)) {
            throw fields.wrong("name", "must be " + BundledJar.NAME_RULE + ": " + name);
        }
        Place place = fields.text("place", Place::new);
        Optional<String> sha256 = fields.optionalText("sha256").map(digest -> digest.toLowerCase(Locale.ROOT));
        if (sha256.isPresent() && !BundledJar.isSha256(sha256.get())) {
            throw fields.wrong("sha256", "must be 64 hexadecimal digits: " + sha256.get());
        }
        return new DeclaredJar(name, place, origin, sha256);
    }

    /** The bundle, of what {@code found} says of its jars. */
    Bundle bundle(Function<DeclaredJar, BundledJar> found) {
        return new Bundle(
                name, version, flinkVersions, java, jars.stream().map(found).toList());
    }

    /** The file beside it that says what was found; {@code bundle.lock.json} for {@code bundle.yaml}. */
    Path lockPath() {
        String file = path.getFileName().toString().replaceFirst("\\.[^.]*$", "");
        return path.resolveSibling(file + ".lock.json");
    }
}
