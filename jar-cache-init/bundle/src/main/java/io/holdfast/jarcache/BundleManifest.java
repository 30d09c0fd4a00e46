package io.holdfast.jarcache;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * What an image says of the bundle in it: {@value #FILE}, beside {@value #JARS}, in which each jar has its {@link
 * BundledJar#path}. The format is described in docs/reference/bundle.md.
 */
public final class BundleManifest {

    /** Name of the file. */
    public static final String FILE = "bundle.json";

    /** Name of the directory of jars. */
    public static final String JARS = "jars";

    private static final int FORMAT = 1;
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private BundleManifest() {}

    /** The bytes of the file; the same for equal bundles. */
    public static byte[] write(Bundle bundle) {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        root.put("name", bundle.name());
        root.put("version", bundle.version());
        ArrayNode flink = root.putArray("flink");
        bundle.flinkVersions().forEach(flink::add);
        root.put("java", bundle.java());
        ArrayNode jars = root.putArray("jars");
        for (BundledJar jar : bundle.jars()) {
            ObjectNode node = jars.addObject();
            node.put("name", jar.name());
            node.put("place", jar.place().path());
            jar.source().ifPresent(source -> node.put("source", source.toString()));
            node.put("sha256", jar.sha256());
            node.put("crc32c", jar.crc32c());
            node.put("bytes", jar.bytes());
        }
        try {
            return JSON.writeValueAsBytes(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree cannot be written", e);
        }
    }

    /**
     * Reads the bundle of {@code directory}.
     *
     * @throws HoldfastException FATAL if there is none or it cannot be used
     */
    public static Bundle read(Path directory) {
        Path file = directory.resolve(FILE);
        JsonNode root;
        try {
            root = JSON.readTree(Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "There is no bundle in " + directory + ": " + FILE + " is missing",
                    "Use an image that './holdfast bundle build' made, or mount one there",
                    e);
        } catch (JsonProcessingException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    file + " is not JSON: " + e.getOriginalMessage(),
                    "Build the image again with './holdfast bundle build'",
                    e);
        } catch (IOException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "Cannot read " + file + ": " + e,
                    "Check that the user of this process may read it",
                    e);
        }
        return Fields.of(file.toString(), root).read(BundleManifest::bundle);
    }

    private static Bundle bundle(Fields fields) {
        long format = fields.number("format");
        if (format != FORMAT) {
            throw fields.wrong("format", "is %d, and this program knows %d".formatted(format, FORMAT));
        }
        List<BundledJar> jars = fields.objects("jars").stream()
                .map(jar -> jar.read(BundleManifest::jar))
                .toList();
        return new Bundle(
                fields.text("name"),
                fields.text("version"),
                fields.texts("flink"),
                Math.toIntExact(Math.min(fields.number("java"), Integer.MAX_VALUE)),
                jars);
    }

    private static BundledJar jar(Fields fields) {
        return new BundledJar(
                fields.text("name"),
                fields.text("place", Place::new),
                fields.optionalText("source").map(URI::create),
                fields.text("sha256"),
                fields.text("crc32c"),
                fields.number("bytes"));
    }
}
