package io.holdfast.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real Java starts a real program from the archive, at another place than it was made at. */
@Timeout(300)
class ClassArchiveIT {

    private static final List<String> ARGUMENTS = List.of("-XX:+UseSerialGC", "-Xmx64m");

    @TempDir
    private static Path shared;

    private static Path java;

    @TempDir
    private Path directory;

    @BeforeAll
    static void linkJava() throws Exception {
        Jdk jdk = Jdk.of("auto");
        assumeTrue(
                jdk.feature() >= Jdk.FIRST_WITH_REPRODUCIBLE_ARCHIVE,
                "needs a JDK 25 or newer: apt-get install temurin-25-jdk, from Adoptium's repository");
        jdk.link(shared.resolve("jre"));
        java = shared.resolve("jre/bin/java");
    }

    @Test
    void javaLoadsTheProgramFromTheArchiveWhereverItIs() throws Exception {
        Path app = app();
        Path archive = new ClassArchive(java, ARGUMENTS).make(app, Map.of("WORD", "hello"), directory.resolve("work"));
        Path elsewhere = Files.createDirectories(directory.resolve("elsewhere/holdfast/app"));
        copyAsInAnImage(app, elsewhere);

        String said = Jdk.run(
                java,
                directory,
                Map.of("WORD", "moved"),
                "-XX:+UseSerialGC",
                "-XX:SharedArchiveFile=" + archive,
                "-Xlog:class+load",
                "-jar",
                elsewhere.resolve(AppImage.MAIN_JAR).toString());

        assertThat(said).contains("says moved");
        assertThat(said.lines())
                .anyMatch(line -> line.contains(" Main source: shared objects file"))
                .anyMatch(line -> line.contains(" Library source: shared objects file"));
    }

    @Test
    void sameFilesGiveTheSameArchive() throws Exception {
        Path app = app();
        ClassArchive archives = new ClassArchive(java, ARGUMENTS);
        Path one = archives.make(app, Map.of("WORD", "hello"), directory.resolve("one"));

        Path other = archives.make(app, Map.of("WORD", "hello"), directory.resolve("other"));

        assertThat(Files.mismatch(one, other)).isEqualTo(-1);
    }

    @Test
    void programThatFailsGivesNoArchive() throws Exception {
        Path app = app();

        assertThatThrownBy(() -> new ClassArchive(java, ARGUMENTS).make(app, Map.of(), directory.resolve("work")))
                .hasMessageContaining("exited with 1")
                .hasMessageContaining("no word");
    }

    /** A program of two jars, one of which names the other. */
    private Path app() throws IOException {
        Path sources = Files.createDirectories(directory.resolve("sources"));
        Path classes = Files.createDirectories(directory.resolve("classes"));
        Path library = Files.writeString(
                sources.resolve("Library.java"),
                "class Library { static String say(String word) { return \"says \" + word; } }");
        Path main = Files.writeString(sources.resolve("Main.java"), """
                public class Main {
                    public static void main(String[] args) {
                        String word = System.getenv("WORD");
                        if (word == null) {
                            throw new IllegalStateException("no word");
                        }
                        System.out.println(Library.say(word));
                    }
                }
                """);
        int compiled = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "--release",
                        "17",
                        "-d",
                        classes.toString(),
                        main.toString(),
                        library.toString());
        assertThat(compiled).isZero();
        Path app = Files.createDirectories(directory.resolve("app"));
        Files.createDirectories(app.resolve("lib"));
        jar(app.resolve("lib/library.jar"), classes.resolve("Library.class"), Map.of());
        jar(
                app.resolve(AppImage.MAIN_JAR),
                classes.resolve("Main.class"),
                Map.of(Attributes.Name.MAIN_CLASS, "Main", Attributes.Name.CLASS_PATH, "lib/library.jar"));
        return app;
    }

    private static void jar(Path jar, Path type, Map<Attributes.Name, String> attributes) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.forEach(manifest.getMainAttributes()::put);
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out, manifest)) {
            entries.putNextEntry(new JarEntry(type.getFileName().toString()));
            Files.copy(type, entries);
        }
    }

    private static void copyAsInAnImage(Path app, Path target) throws IOException {
        Files.createDirectories(target.resolve("lib"));
        for (String file : List.of(AppImage.MAIN_JAR, "lib/library.jar")) {
            Files.copy(app.resolve(file), target.resolve(file));
            Files.setLastModifiedTime(target.resolve(file), FileTime.from(Instant.ofEpochSecond(1)));
        }
    }
}
