package io.holdfast.benchmarks;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where the built parts lie in a checkout, for one minor version of Flink. */
record Installation(Path home, String flinkMinor) {

    static final String HOME_PROPERTY = "holdfast.home";
    static final List<String> MINORS = List.of("2.2", "2.3");

    /** The checkout that the launcher names; everything that is needed is there. */
    static Installation find(String flinkMinor) {
        String home = System.getProperty(HOME_PROPERTY);
        if (home == null) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "The system property " + HOME_PROPERTY + " is not set",
                    "Start this program with ./holdfast");
        }
        Installation installation = new Installation(Path.of(home), flinkMinor);
        for (Path part : List.of(
                installation.flinkLibraries(),
                installation.holdfastJar(),
                installation.benchmarksJar(),
                installation.libraries(),
                installation.testingJar())) {
            if (!Files.exists(part)) {
                throw new HoldfastException(
                        Disposition.FATAL,
                        part + " does not exist",
                        "Build it with ./mvnw -DskipTests"
                                + " -pl benchmarks,flink-connectors/flink-%1$s,testing/flink-dist/%1$s -am package"
                                        .formatted(flinkMinor));
            }
        }
        return installation;
    }

    Path flinkLibraries() {
        return home.resolve("testing/flink-dist").resolve(flinkMinor).resolve("target/lib");
    }

    Path holdfastJar() {
        return home.resolve("flink-connectors/flink-%1$s/target/holdfast-flink-%1$s.jar".formatted(flinkMinor));
    }

    Path benchmarksJar() {
        return home.resolve("benchmarks/target/holdfast-benchmarks.jar");
    }

    /** Parts of the benchmarks' jobs are in it. */
    Path testingJar() {
        return home.resolve("testing/target/holdfast-testing.jar");
    }

    /** Directory of the libraries that the benchmarks use, and Flink does not bring. */
    Path libraries() {
        return home.resolve("benchmarks/target/lib");
    }

    /** Libraries that the benchmarks' jobs use. */
    List<Path> jobLibraries() {
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(libraries(), "HdrHistogram-*.jar")) {
            List<Path> found = new ArrayList<>();
            jars.forEach(found::add);
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException("Jars not listed: " + libraries(), e);
        }
    }

    /** The migration sidecar's program, which only some benchmarks need. */
    Path migrationSidecar() {
        return home.resolve("migration-sidecar/sidecar/target/quarkus-app/quarkus-run.jar");
    }

    /** How the image of the migration sidecar runs Java, as an argument file. */
    Path migrationSidecarArguments() {
        return home.resolve("migration-sidecar/sidecar/src/main/jvm/java.args");
    }

    /** What the module {@code testing/hdfs} was built to. */
    Path hdfs() {
        return home.resolve("testing/hdfs/target");
    }

    /** What Flink needs of a JVM, as an argument file. */
    Path jvmArguments() {
        return home.resolve(".mvn/flink.jvmargs");
    }

    /** Where a program leaves its results and its clusters' logs. */
    Path target(String program) {
        return home.resolve("target").resolve(program);
    }
}
