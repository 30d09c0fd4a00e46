package io.holdfast.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.cloud.tools.jib.api.Jib;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AppImageTest {

    @TempDir
    private Path directory;

    private Path base;

    @BeforeEach
    void makeBase() throws Exception {
        base = directory.resolve("base.tar");
        Path file = Files.writeString(directory.resolve("os-release"), "NAME=base\n");
        new ImageArchive(base, "localhost/base", directory.resolve("cache"))
                .write(Jib.fromScratch()
                        .setFileEntriesLayers(List.of(
                                new Layer("base").add(file, "/etc/os-release").entries()))
                        .setEnvironment(Map.of("PATH", "/opt/java/bin")));
    }

    @Test
    void librariesAndProgramAreLayersAboveTheBase() throws Exception {
        Archive image = Archive.read(make(app("app", "1"), "out.tar"));

        assertThat(image.layers()).hasSize(3);
        assertThat(image.layers().get(0)).containsKey("/etc/os-release");
        assertThat(image.layers().get(1))
                .containsKeys("/holdfast/app/lib/main/a.jar", "/holdfast/app/lib/boot/b.jar")
                .doesNotContainKey("/holdfast/app/quarkus-run.jar");
        assertThat(image.layers().get(2))
                .containsKeys("/holdfast/app/quarkus-run.jar", "/holdfast/app/app/program.jar")
                .doesNotContainKey("/holdfast/app/lib");
        assertThat(image.names()).containsExactly("holdfast/program:1.0");
        assertThat(image.config("User").asText()).isEqualTo("9999:9999");
        assertThat(image.config("Entrypoint").toString())
                .isEqualTo("[\"java\",\"-XX:+UseSerialGC\",\"-jar\",\"/holdfast/app/quarkus-run.jar\"]");
        assertThat(image.config("Env").toString()).contains("PATH=/opt/java/bin", "A=b=c");
        assertThat(image.config("Labels")
                        .get("org.opencontainers.image.version")
                        .asText())
                .isEqualTo("1.0");
    }

    @Test
    void baseThatWasNotMadeHereGetsNoArchiveOfAnotherJava() throws Exception {
        Files.createDirectories(directory.resolve("jre"));
        Files.writeString(directory.resolve("jre/release"), "JAVA_VERSION=\"25\"\n"); // beside it, and not of it

        Archive image = Archive.read(make(app("app", "1"), "out.tar"));

        assertThat(image.paths()).doesNotContain("/holdfast/app/app.jsa");
        assertThat(image.config("Entrypoint").toString()).doesNotContain("SharedArchiveFile");
    }

    @Test
    void digestDependsOnContentAlone() throws Exception {
        Path app = app("app", "1");
        Path one = make(app, "one.tar");
        Path moved = app("elsewhere", "1");
        Files.setLastModifiedTime(moved.resolve("quarkus-run.jar"), FileTime.fromMillis(0));

        Path two = make(moved, "two.tar");

        assertThat(Files.mismatch(one, two)).isEqualTo(-1);
        assertThat(directory.resolve("two.tar.digest"))
                .hasSameTextualContentAs(directory.resolve("one.tar.digest"))
                .content()
                .matches("sha256:[0-9a-f]{64}\n");
        assertThat(Files.mismatch(one, make(app("app", "2"), "three.tar"))).isNotEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"docker.io/library/eclipse-temurin:25-jre", "eclipse-temurin", "a@sha256:123"})
    void baseThatIsNotPinnedIsRefused(String unpinned) throws IOException {
        Path app = app("app", "1");

        assertThatThrownBy(() -> make(unpinned, app, "out.tar"))
                .hasMessageStartingWith("The base image '%s' is not pinned".formatted(unpinned))
                .hasMessageContaining("Set holdfast.image.base to NAME@sha256:DIGEST");
    }

    @Test
    void missingBaseAndMissingProgramAreNamed() throws IOException {
        Path app = app("app", "1");

        assertThatThrownBy(() -> make("tar:///none/base.tar", app, "out.tar"))
                .hasMessageContaining("There is no base image in /none/base.tar. Make one with");
        assertThatThrownBy(() -> make(directory, "out.tar"))
                .hasMessageContaining("There is no quarkus-run.jar in " + directory);
    }

    private Path app(String name, String content) throws IOException {
        Path app = directory.resolve(name);
        for (String file :
                List.of("lib/main/a.jar", "lib/boot/b.jar", "app/program.jar", "quarkus/q.dat", "quarkus-run.jar")) {
            Files.createDirectories(app.resolve(file).getParent());
            Files.writeString(app.resolve(file), file + content);
        }
        return app;
    }

    private Path make(Path app, String output) throws IOException, InterruptedException {
        return make("tar://" + base, app, output);
    }

    private Path make(String from, Path app, String output) throws IOException, InterruptedException {
        AppImage.make(Arguments.parse(
                new String[] {
                    "--base=" + from,
                    "--app=" + app,
                    "--name=holdfast/program",
                    "--version=1.0",
                    "--title=A program",
                    "--work=" + directory.resolve("work"),
                    "--output=" + directory.resolve(output),
                    "--jvm-arguments=" + Files.writeString(directory.resolve("java.args"), "# why\n-XX:+UseSerialGC\n"),
                    "--env=A=b=c"
                },
                List.of("--base", "--app", "--name", "--version", "--title", "--work", "--output", "--jvm-arguments"),
                List.of("--env", "--train")));
        return directory.resolve(output);
    }
}
