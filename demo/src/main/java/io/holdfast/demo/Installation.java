package io.holdfast.demo;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Where the built parts lie in a checkout.
 *
 * @param jobJars what the demo's job needs inside a cluster
 */
record Installation(Path home, Path flinkLibraries, Path holdfastJar, List<Path> jobJars) {

    static final String HOME_PROPERTY = "holdfast.home";

    static Installation find(Path home, String flinkMinor) {
        Path libraries = home.resolve("testing/flink-dist").resolve(flinkMinor).resolve("target/lib");
        String build = "Build it with ./mvnw -DskipTests -pl demo,flink-connectors/flink-%1$s,testing/flink-dist/%1$s"
                        .formatted(flinkMinor)
                + " -am package";
        if (jars(libraries, "flink-runtime-").isEmpty()) {
            throw missing("Flink %s is not at %s".formatted(flinkMinor, libraries), build);
        }
        String artifact = "holdfast-flink-" + flinkMinor;
        Path connector = home.resolve("flink-connectors/flink-" + flinkMinor + "/target");
        return new Installation(
                home,
                libraries,
                only(connector, artifact, build),
                List.of(
                        only(home.resolve("demo/target"), "holdfast-demo", build),
                        existing(home.resolve("testing/target/holdfast-testing.jar"), build)));
    }

    Path report() {
        return home.resolve("target/demo/report.html");
    }

    Path runDirectory(Mode mode) {
        return home.resolve("target/demo").resolve(mode.name().toLowerCase(Locale.ROOT));
    }

    private static Path only(Path directory, String artifact, String build) {
        List<Path> found = jars(directory, artifact);
        if (found.isEmpty()) {
            throw missing("No %s jar is in %s".formatted(artifact, directory), build);
        }
        if (found.size() > 1) {
            throw missing(
                    "%d %s jars are in %s: %s".formatted(found.size(), artifact, directory, found), "Delete the older");
        }
        return found.get(0);
    }

    private static Path existing(Path jar, String build) {
        if (!Files.exists(jar)) {
            throw missing(jar + " does not exist", build);
        }
        return jar;
    }

    private static List<Path> jars(Path directory, String prefix) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> isJar(file.getFileName().toString(), prefix))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isJar(String name, String prefix) {
        return name.startsWith(prefix)
                && name.endsWith(".jar")
                && !name.endsWith("-sources.jar")
                && !name.endsWith("-tests.jar")
                && !name.endsWith("-javadoc.jar");
    }

    private static HoldfastException missing(String problem, String remedy) {
        return new HoldfastException(Disposition.FATAL, problem, remedy);
    }
}
