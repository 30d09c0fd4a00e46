package io.holdfast.jarcache.builder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.builder.BundleFile.DeclaredJar;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a bundle file may say. The schema for editors and the program must agree on all of it. */
class BundleFileTest {

    private static final String DIGEST = "0123456789abcdef".repeat(4);
    private static final String FILE = """
            name: platform
            version: "2026.11"
            flink: ["2.2", "2.3"]
            java: 21
            repository: https://repository.example/maven/
            jars:
              - source: hdfs://nameservice1/jars/a-1.0.jar
                place: lib
                sha256: %s
              - source: https://repository.example/b.jar
                place: plugins/s3
              - source: maven:org.apache.flink:flink-csv:2.2.0
                place: lib
              - source: maven:io.netty:netty-transport:4.1.100.Final:linux-x86_64
                place: lib
              - source: file:../build/c-latest.jar
                name: c.jar
                place: usrlib
            """.formatted(DIGEST);

    @TempDir
    private Path directory;

    @Test
    void saysWhereEachJarIsAndWhereItGoes() throws IOException {
        BundleFile file = read(FILE);

        assertThat(file.name()).isEqualTo("platform");
        assertThat(file.version()).isEqualTo("2026.11");
        assertThat(file.flinkVersions()).containsExactly("2.2", "2.3");
        assertThat(file.java()).isEqualTo(21);
        assertThat(file.jars())
                .extracting(DeclaredJar::name)
                .containsExactly(
                        "a-1.0.jar",
                        "b.jar",
                        "flink-csv-2.2.0.jar",
                        "netty-transport-4.1.100.Final-linux-x86_64.jar",
                        "c.jar");
        assertThat(file.jars())
                .extracting(jar -> jar.place().path())
                .containsExactly("lib", "plugins/s3", "lib", "lib", "usrlib");
        assertThat(file.jars())
                .extracting(jar -> jar.origin().location())
                .containsExactly(
                        URI.create("hdfs://nameservice1/jars/a-1.0.jar"),
                        URI.create("https://repository.example/b.jar"),
                        URI.create(
                                "https://repository.example/maven/org/apache/flink/flink-csv/2.2.0/flink-csv-2.2.0.jar"),
                        URI.create("https://repository.example/maven/io/netty/netty-transport/4.1.100.Final/"
                                + "netty-transport-4.1.100.Final-linux-x86_64.jar"),
                        directory.resolve("../build/c-latest.jar").normalize().toUri());
        assertThat(file.jars())
                .extracting(jar -> jar.origin().isLocal())
                .containsExactly(false, false, false, false, true);
        assertThat(file.jars().get(0).sha256()).contains(DIGEST);
    }

    @Test
    void whatNeedNotBeSaidHasADefault() throws IOException {
        BundleFile file =
                read(FILE.replace("java: 21\n", "").replace("repository: https://repository.example/maven/\n", ""));

        assertThat(file.java()).isEqualTo(17);
        assertThat(file.jars().get(2).origin().location())
                .isEqualTo(URI.create(
                        "https://repo1.maven.org/maven2/org/apache/flink/flink-csv/2.2.0/flink-csv-2.2.0.jar"));
    }

    @Test
    void schemaTakesWhatTheProgramTakes() throws IOException {
        assertThat(schemaErrors(FILE)).isEmpty();
    }

    @ParameterizedTest(name = "{0} -> {1}: {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "name: platform | nmae: platform | `name is missing`",
                "java: 21 | jaav: 21 | `jaav is not a field; did you mean java?`",
                "version: \"2026.11\" | version: 2026.11 | `version must be a text; put it in quotes: \"2026.11\"`",
                "flink: [\"2.2\", \"2.3\"] | flink: [\"2.2.1\"] | `flink must be MAJOR.MINOR, such as 2.2: 2.2.1`",
                "flink: [\"2.2\", \"2.3\"] | flink: [] | `flink must name at least one`",
                "java: 21 | java: 7 | `java must be a feature version`",
                "java: 21 | java: \"21\" | `java must be a whole number`",
                "repository: https://repository.example/maven/ | repository: central | `repository must be a URL`",
                "place: usrlib | place: plugins | `jars[4].place must be lib, usrlib or plugins/NAME`",
                "place: usrlib | plcae: usrlib | `jars[4].place is missing`",
                "name: c.jar | name: c.zip | `jars[4].name must be the name of a file`",
                "source: file:../build/c-latest.jar | source: ftp://x/c.jar | `jars[4].source must begin with one of`",
                "sha256: 0123 | sha256: 123 | `jars[0].sha256 must be 64 hexadecimal digits`",
            })
    void whatIsWrongIsSaidAndTheSchemaDoesNotTakeItEither(String right, String wrong, String message)
            throws IOException {
        assertThat(FILE).contains(right);
        String text = FILE.replace(right, wrong);

        assertThatExceptionOfType(HoldfastException.class)
                .isThrownBy(() -> read(text))
                .withMessageContaining("bundle.yaml: " + message);
        assertThat(schemaErrors(text)).isNotEmpty();
    }

    @ParameterizedTest(name = "{0} -> {1}: {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "https://repository.example/b.jar | https://me:secret@repository.example/b.jar | `jars[1].source must hold no password`",
                "https://repository.example/b.jar | https://me:secret@my_repository/b.jar | `jars[1].source must hold no password`",
                "https://repository.example/b.jar | https://repository.example/b.jar?token=secret | `jars[1].source must have no query`",
                "https://repository.example/b.jar | https:/b.jar | `jars[1].source must have a host`",
                "https://repository.example/b.jar | https://repository.example | `jars[1].source must have a path`",
                "https://repository.example/maven/ | https://me:secret@repository.example/maven/ | `jars[2].source must hold no password`",
                "flink-csv:2.2.0 | flink-csv:2.2-SNAPSHOT | `jars[2].source must be a release`",
                "maven:org.apache.flink:flink-csv:2.2.0 | maven:flink-csv:2.2.0 | `jars[2].source must be maven:GROUP:ARTIFACT:VERSION`",
                "https://repository.example/b.jar | https://repository.example/b.zip | `jars[1].name must be`",
            })
    void whatNoSchemaCanSayIsSaid(String right, String wrong, String message) throws IOException {
        assertThat(FILE).contains(right);

        assertThatExceptionOfType(HoldfastException.class)
                .isThrownBy(() -> read(FILE.replace(right, wrong.replace("\\n", "\n"))))
                .withMessageContaining("bundle.yaml: " + message)
                .withMessageNotContaining("secret");
    }

    @Test
    void oneFileTwiceIsRefused() {
        assertThatExceptionOfType(HoldfastException.class)
                .isThrownBy(() -> read(FILE.replace("place: plugins/s3", "place: lib\n    name: a-1.0.jar")))
                .withMessageContaining("bundle.yaml: jars has this one twice: lib/a-1.0.jar");
    }

    @Test
    void brokenYamlIsSaidWithItsLine() {
        assertThatExceptionOfType(HoldfastException.class)
                .isThrownBy(() -> read("name: platform\nversion: \"1\nflink: x\n"))
                .withMessageContaining("bundle.yaml, line ");
        assertThatExceptionOfType(HoldfastException.class)
                .isThrownBy(() -> read("name: platform\nname: other\n"))
                .withMessageContaining("bundle.yaml, line 2: Duplicate");
    }

    @Test
    void emptyFileIsNoBundle() {
        assertThatExceptionOfType(HoldfastException.class)
                .isThrownBy(() -> read(""))
                .withMessageContaining("does not hold an object");
    }

    @Test
    void absentFileIsNamed() {
        assertThatExceptionOfType(HoldfastException.class)
                .isThrownBy(() -> BundleFile.read(directory.resolve("absent.yaml")))
                .withMessageContaining("There is no bundle file " + directory.resolve("absent.yaml"));
    }

    private BundleFile read(String text) throws IOException {
        return BundleFile.read(Files.writeString(directory.resolve("bundle.yaml"), text));
    }

    private static List<Error> schemaErrors(String yaml) throws IOException {
        try (InputStream in = BundleTool.class.getResourceAsStream(BundleTool.SCHEMA)) {
            Schema schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                    .getSchema(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            JsonNode tree = new YAMLMapper().readTree(yaml);
            return schema.validate(tree.toString(), com.networknt.schema.InputFormat.JSON);
        }
    }
}
