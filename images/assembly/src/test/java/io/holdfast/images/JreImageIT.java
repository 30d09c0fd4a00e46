package io.holdfast.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A base image is complete, and its digest depends on nothing but the JDK it is made of. */
@Timeout(300)
@EnabledOnOs(OS.LINUX)
class JreImageIT {

    @TempDir
    private Path directory;

    @Test
    void twoBuildsGiveOneDigestAndOneIsEnough() throws Exception {
        Jdk jdk = Jdk.of("auto");
        Path image = directory.resolve("target/base.tar");
        String digest = JreImage.make(jdk, directory.resolve("work"), image);
        assertThat(directory.resolve("target/base.tar.digest")).content().isEqualTo(digest + "\n");
        Path first = Files.copy(image, directory.resolve("first.tar"));
        FileTime past = FileTime.fromMillis(0);

        Files.setLastModifiedTime(image, past);
        assertThat(JreImage.make(jdk, directory.resolve("work"), image)).isEqualTo(digest);
        assertThat(Files.getLastModifiedTime(image)).isEqualTo(past);

        Files.writeString(directory.resolve("target/base.tar.inputs"), "of another JDK");
        assertThat(JreImage.make(jdk, directory.resolve("other work"), image)).isEqualTo(digest);
        assertThat(Files.getLastModifiedTime(image)).isGreaterThan(past);
        assertThat(Files.mismatch(first, image)).isEqualTo(-1);

        Archive archive = Archive.read(image);
        assertIsComplete(archive);
        assertThat(archive.paths().contains("/opt/java/lib/server/classes.jsa"))
                .isEqualTo(jdk.feature() >= Jdk.FIRST_WITH_REPRODUCIBLE_ARCHIVE);
    }

    private static void assertIsComplete(Archive image) {
        assertThat(image.names()).containsExactly("localhost/holdfast-jre:latest");
        assertThat(image.config("User").asText()).isEqualTo("9999:9999");
        assertThat(image.config("Env").toString())
                .contains("\"PATH=/opt/java/bin:/usr/bin:/bin\"", "\"JAVA_HOME=/opt/java\"");
        assertThat(image.layers()).hasSize(2);
        assertThat(image.paths())
                .contains(
                        "/opt/java/bin/java",
                        "/opt/java/lib/modules",
                        "/opt/java/lib/security/cacerts",
                        "/etc/passwd",
                        "/tmp")
                .anyMatch(path -> path.matches("/lib.*/ld-linux-.*"))
                .anyMatch(path -> path.matches("/lib/.*/libc\\.so\\.6"))
                .noneMatch(path -> path.matches("(/usr)?/bin/.*sh"));
        image.layers()
                .forEach(layer -> assertThat(layer.values()).allSatisfy(file -> {
                    assertThat(file.owner()).isEqualTo("0:0");
                    assertThat(file.mode()).isIn(0755, 0644, 0777);
                    assertThat(file.seconds()).isIn(0L, 1L);
                }));
        assertThat(image.layers().get(1).get("/opt/java/bin/java").mode()).isEqualTo(0755);
        assertThat(image.layers().get(0).get("/tmp").mode()).isEqualTo(0777);
        assertThat(image.layers().get(1).get("/opt/java/lib/security/cacerts").content())
                .hasSizeGreaterThan(10_000);
    }

    @Test
    void directoryWithoutAJdkIsRefused() throws IOException {
        assertThatThrownBy(() -> Jdk.of(directory.toString()))
                .hasMessage("%s holds no JDK with jlink. Give a complete JDK with -Dholdfast.image.jdk=DIRECTORY."
                        .formatted(directory));
    }
}
