package io.holdfast.agent.running;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The JDKs of this machine: the one that runs the tests, and those in the usual directory. */
final class Jdks {
    private static final Path USUAL = Path.of("/usr/lib/jvm");

    private Jdks() {}

    /** Returns the home of a JDK of that version; skips the test where there is none. */
    static Path require(int feature) {
        Path own = Path.of(System.getProperty("java.home"));
        if (Runtime.version().feature() == feature) {
            return own;
        }
        List<Path> found = installed().filter(home -> feature(home) == feature).toList();
        assumeTrue(!found.isEmpty(), () -> "No JDK " + feature + " in " + USUAL);
        return found.get(0);
    }

    private static Stream<Path> installed() {
        if (!Files.isDirectory(USUAL)) {
            return Stream.empty();
        }
        try (Stream<Path> homes = Files.list(USUAL)) {
            return homes.filter(home -> Files.isExecutable(home.resolve("bin/java"))).sorted().toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int feature(Path home) {
        try {
            return Files.readAllLines(home.resolve("release")).stream()
                    .filter(line -> line.startsWith("JAVA_VERSION=\""))
                    .map(line -> line.substring("JAVA_VERSION=\"".length(), line.length() - 1))
                    .map(version -> Runtime.Version.parse(version).feature())
                    .findFirst()
                    .orElse(0);
        } catch (IOException | IllegalArgumentException e) {
            return 0;
        }
    }
}
