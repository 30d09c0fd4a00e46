package io.holdfast.demo;

import io.holdfast.testing.FlinkProcessesBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** With or without Holdfast: the whole difference between the two clusters. */
enum Mode {
    HOLDFAST("Holdfast") {
        @Override
        FlinkProcessesBuilder applyTo(FlinkProcessesBuilder cluster, Path holdfastJar, List<Path> jobJars) {
            return cluster.jars(Stream.concat(Stream.of(holdfastJar), jobJars.stream())
                            .toList())
                    .jobManagerMainClass("io.holdfast.flink.entrypoint.HoldfastStandaloneSessionEntrypoint")
                    .option("shuffle-service-factory.class", "io.holdfast.flink.shuffle.HoldfastShuffleServiceFactory");
        }
    },
    STOCK("Stock Flink") {
        @Override
        FlinkProcessesBuilder applyTo(FlinkProcessesBuilder cluster, Path holdfastJar, List<Path> jobJars) {
            return cluster.jars(jobJars);
        }
    };

    /** Same for both. Heartbeats are quick, so that stock Flink notices a dead TaskManager as soon as it can. */
    private static final Map<String, String> COMMON_OPTIONS = Map.of(
            "taskmanager.load-balance.mode", "SLOTS",
            "heartbeat.interval", "500 ms",
            "heartbeat.timeout", "5 s");

    private final String label;

    Mode(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }

    /** Describes the cluster of this mode; the rest is the same for both. */
    FlinkProcessesBuilder cluster(FlinkProcessesBuilder cluster, Installation installation) {
        cluster.flinkLibraries(installation.flinkLibraries())
                .options(COMMON_OPTIONS)
                .jvmFlag("-XX:TieredStopAtLevel=1"); // six JVMs start at once: less compiling, sooner ready
        return applyTo(cluster, installation.holdfastJar(), installation.jobJars());
    }

    abstract FlinkProcessesBuilder applyTo(FlinkProcessesBuilder cluster, Path holdfastJar, List<Path> jobJars);
}
