package io.holdfast.jarcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BundleManifestTest {

    private static final Bundle BUNDLE = new Bundle(
            "platform",
            "2026.11",
            List.of("2.2", "2.3"),
            17,
            List.of(
                    new BundledJar(
                            "x-1.0.jar",
                            new Place("lib"),
                            Optional.of(URI.create("hdfs://nameservice1/jars/x-1.0.jar")),
                            "0123456789abcdef".repeat(4),
                            "0123abcd",
                            1_234_567),
                    new BundledJar("y.jar", new Place("plugins/s3"), Optional.empty(), "f".repeat(64), "ffffffff", 1)));

    private static final String WRITTEN = """
            {
              "format" : 1,
              "name" : "platform",
              "version" : "2026.11",
              "flink" : [ "2.2", "2.3" ],
              "java" : 17,
              "jars" : [ {
                "name" : "x-1.0.jar",
                "place" : "lib",
                "source" : "hdfs://nameservice1/jars/x-1.0.jar",
                "sha256" : "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "crc32c" : "0123abcd",
                "bytes" : 1234567
              }, {
                "name" : "y.jar",
                "place" : "plugins/s3",
                "sha256" : "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                "crc32c" : "ffffffff",
                "bytes" : 1
              } ]
            }""";

    @TempDir
    private Path directory;

    /** The golden file of the format: a change of it is a change for images that are there already. */
    @Test
    void isWrittenAsItAlwaysWas() {
        assertThat(new String(BundleManifest.write(BUNDLE), StandardCharsets.UTF_8))
                .isEqualTo(WRITTEN);
    }

    @Test
    void isReadAsItWasWritten() throws IOException {
        Files.writeString(directory.resolve("bundle.json"), WRITTEN);

        assertThat(BundleManifest.read(directory)).isEqualTo(BUNDLE);
    }

    @Test
    void directoryWithoutOneIsNoBundle() {
        assertThatExceptionOfType(HoldfastException.class)
                .isThrownBy(() -> BundleManifest.read(directory))
                .withMessageContaining("There is no bundle in " + directory)
                .withMessageContaining("./holdfast bundle build");
    }

    @ParameterizedTest(name = "{0} -> {1}: {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`\"format\" : 1` | `\"format\" : 2` | format is 2, and this program knows 1",
                "`\"version\"` | `\"versoin\"` | version is missing",
                "`\"java\" : 17` | `\"java\" : \"17\"` | java must be a whole number",
                "`\"java\" : 17` | `\"java\" : 17, \"jva\" : 17` | jva is not a field; did you mean java?",
                "`\"bytes\" : 1\n` | `\"bytes\" : 1, \"sha\": \"\"\n` | jars[1].sha is not a field",
                "`\"place\" : \"lib\"` | `\"place\" : \"../lib\"` | jars[0].place must be lib, usrlib or plugins/NAME",
                "`\"sha256\" : \"ffff` | `\"sha256\" : \"FFFF` | jars[1].sha256 must be 64 hexadecimal digits",
                "`\"name\" : \"y.jar\"` | `\"name\" : \"../y.jar\"` | jars[1].name must be the name of a file",
                "`\"crc32c\" : \"ffffffff\"` | `\"crc32c\" : \"fffffff\"` | jars[1].crc32c must be 8 hexadecimal digits",
                "`\"flink\" : [ \"2.2\", \"2.3\" ]` | `\"flink\" : \"2.2\"` | flink must be a list",
                "`\"flink\" : [ \"2.2\", \"2.3\" ]` | `\"flink\" : [ 2.2 ]` | `flink[0] must be a text; put it in quotes: \"2.2\"`",
                "`\"name\" : \"platform\"` | `\"name\" : \"\"` | name is empty",
                "`\"bytes\" : 1\n` | `\"bytes\" : 0\n` | jars[1].bytes must be positive: 0",
            })
    void whatIsWrongIsSaidWithItsPlace(String right, String wrong, String message) throws IOException {
        assertThat(WRITTEN).contains(right);
        Files.writeString(directory.resolve("bundle.json"), WRITTEN.replace(right, wrong));

        assertThatExceptionOfType(HoldfastException.class)
                .isThrownBy(() -> BundleManifest.read(directory))
                .withMessageContaining("bundle.json: " + message);
    }

    @Test
    void halfAFileIsNoBundle() throws IOException {
        Files.writeString(directory.resolve("bundle.json"), WRITTEN.substring(0, 100));

        assertThatExceptionOfType(HoldfastException.class)
                .isThrownBy(() -> BundleManifest.read(directory))
                .withMessageContaining("is not JSON");
    }

    @Test
    void checksumsAreThoseOfTheStandards() throws IOException {
        Path abc = Files.writeString(directory.resolve("abc"), "abc"); // the example of FIPS 180-2, appendix B.1
        Path digits = Files.writeString(directory.resolve("digits"), "123456789"); // the check value of CRC catalogues

        assertThat(Checksum.SHA_256.of(abc))
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assertThat(Checksum.CRC_32C.of(digits)).isEqualTo("e3069283");
    }

    @Test
    void checksumOfALargeFileIsThatOfAllItsParts() throws Exception {
        byte[] bytes = new byte[1_000_001];
        new Random(1).nextBytes(bytes);
        Path file = Files.write(directory.resolve("large"), bytes);
        CRC32C crc = new CRC32C();
        crc.update(bytes);

        assertThat(Checksum.SHA_256.of(file))
                .isEqualTo(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
        assertThat(Checksum.CRC_32C.of(file)).isEqualTo("%08x".formatted(crc.getValue()));
    }
}
