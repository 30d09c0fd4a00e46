package io.holdfast.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What the build has made for one minor version of Flink. */
record Installation(String flinkMinor) {

    static final List<String> MINORS = List.of("2.2", "2.3");

    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    static Path checkout() {
        return CHECKOUT;
    }

    /** A Java run-time environment and nothing else. */
    static Path baseImage() {
        return CHECKOUT.resolve("images/base/target/base.tar");
    }

    /** The image of the jar cache's init container, without any bundle. */
    static Path jarCacheImage() {
        return CHECKOUT.resolve("images/jar-cache/target/jar-cache.tar");
    }

    /** The image of the resize sidecar. */
    static Path resizeSidecarImage() {
        return CHECKOUT.resolve("images/resize-sidecar/target/resize-sidecar.tar");
    }

    static Path agentJar() {
        return CHECKOUT.resolve("resize-sidecar/agent/target/holdfast-agent.jar");
    }

    /** JVM arguments that Flink needs, as a file that {@code java} reads after an {@code @}. */
    static Path jvmArguments() {
        return CHECKOUT.resolve(".mvn/flink.jvmargs");
    }

    /** The entry point of a container, as users mount it. */
    static Path containerEntryPoint() {
        return CHECKOUT.resolve("images/flink/holdfast-entrypoint.sh");
    }

    static Path javaHome() {
        return Path.of(System.getProperty("java.home"));
    }

    Path flinkLibraries() {
        return CHECKOUT.resolve("testing/flink-dist").resolve(flinkMinor).resolve("target/lib");
    }

    /** All jars of a stock Flink, as a class path has them. */
    List<Path> flinkJars() {
        try (Stream<Path> files = Files.list(flinkLibraries())) {
            return files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("Build testing/flink-dist/%s first".formatted(flinkMinor), e);
        }
    }

    Path holdfastJar() {
        return CHECKOUT.resolve("flink-connectors/flink-%1$s/target/holdfast-flink-%1$s.jar".formatted(flinkMinor));
    }

    /** The other supported minor. */
    Installation other() {
        return new Installation(MINORS.get(1 - MINORS.indexOf(flinkMinor)));
    }
}
