package io.holdfast.benchmarks;

import io.holdfast.testing.FlinkProcesses;
import io.holdfast.testing.FlinkProcessesBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** With or without Holdfast: the whole difference between two clusters. */
enum Engine {
    HOLDFAST,
    STOCK;

    /** Describes a cluster of this kind. It runs on copies of the jars, so that a build does not pull them away. */
    FlinkProcessesBuilder cluster(Path directory, Installation installation) {
        return cluster(directory, installation, List.of());
    }

    /** As above, with more jars on the class path. */
    FlinkProcessesBuilder cluster(Path directory, Installation installation, List<Path> more) {
        List<Path> jars = new ArrayList<>(List.of(installation.benchmarksJar(), installation.testingJar()));
        jars.addAll(installation.jobLibraries());
        jars.addAll(more);
        FlinkProcessesBuilder cluster = FlinkProcesses.in(directory).flinkLibraries(installation.flinkLibraries());
        if (this == HOLDFAST) {
            jars.add(0, installation.holdfastJar());
            cluster.jobManagerMainClass("io.holdfast.flink.entrypoint.HoldfastStandaloneSessionEntrypoint")
                    .option("shuffle-service-factory.class", "io.holdfast.flink.shuffle.HoldfastShuffleServiceFactory");
        }
        return cluster.jars(copied(jars, directory.resolve("jars")));
    }

    private static List<Path> copied(List<Path> jars, Path directory) {
        List<Path> copies = new ArrayList<>();
        try {
            Files.createDirectories(directory);
            for (Path jar : jars) {
                copies.add(Files.copy(jar, directory.resolve(jar.getFileName()), StandardCopyOption.REPLACE_EXISTING));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Jars not copied to " + directory, e);
        }
        return copies;
    }
}
