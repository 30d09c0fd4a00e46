package io.holdfast.benchmarks.resize;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.testing.FlinkProcesses;
import io.holdfast.testing.FlinkProcessesBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** What the build left in a checkout for one minor version of Flink. */
public record Build(Path home, String flinkMinor) {

    private static final String MODULES =
            "benchmarks,resize-sidecar/agent,resize-sidecar/sidecar,flink-connectors/flink-%1$s,testing/flink-dist/%1$s";

    /** The agent, with which a TaskManager's JVM can be resized. */
    public Path agentJar() {
        Path target = built(home.resolve("resize-sidecar/agent/target"));
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(target, "holdfast-agent*.jar")) {
            for (Path jar : jars) {
                return jar;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Not listed: " + target, e);
        }
        return built(target.resolve("holdfast-agent.jar"));
    }

    /** Directory of the sidecar's program. */
    public Path sidecar() {
        return built(home.resolve("resize-sidecar/sidecar/target/quarkus-app"));
    }

    /** How the sidecar's image runs Java. */
    public Path sidecarArguments() {
        return built(home.resolve("resize-sidecar/sidecar/src/main/jvm/java.args"));
    }

    /** A cluster of stock Flink that can run the job. It runs on copies of the jars, which a build may replace. */
    public FlinkProcessesBuilder stock(Path directory) {
        return cluster(directory, List.of());
    }

    /** A cluster with Holdfast's scheduler and shuffle service. */
    public FlinkProcessesBuilder holdfast(Path directory) {
        Path jar = home.resolve("flink-connectors/flink-%1$s/target/holdfast-flink-%1$s.jar".formatted(flinkMinor));
        return cluster(directory, List.of(jar))
                .jobManagerMainClass("io.holdfast.flink.entrypoint.HoldfastStandaloneSessionEntrypoint")
                .option("shuffle-service-factory.class", "io.holdfast.flink.shuffle.HoldfastShuffleServiceFactory");
    }

    private FlinkProcessesBuilder cluster(Path directory, List<Path> first) {
        List<Path> jars = new ArrayList<>(first);
        jars.add(home.resolve("benchmarks/target/holdfast-benchmarks.jar"));
        jars.add(home.resolve("testing/target/holdfast-testing.jar"));
        Path copies = directory.resolve("jars");
        List<Path> copied = new ArrayList<>();
        try {
            Files.createDirectories(copies);
            for (Path jar : jars) {
                copied.add(
                        Files.copy(built(jar), copies.resolve(jar.getFileName()), StandardCopyOption.REPLACE_EXISTING));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Jars not copied to " + copies, e);
        }
        return FlinkProcesses.in(directory)
                .flinkLibraries(built(
                        home.resolve("testing/flink-dist").resolve(flinkMinor).resolve("target/lib")))
                .jars(copied)
                .option("heartbeat.interval", "1 s")
                .option("heartbeat.timeout", "30 s");
    }

    private Path built(Path part) {
        if (!Files.exists(part)) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    part + " does not exist",
                    "Build it with ./mvnw -DskipTests -pl " + MODULES.formatted(flinkMinor) + " -am package");
        }
        return part;
    }
}
