package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.testing.Eventually;
import io.holdfast.testing.FlinkRest;
import io.holdfast.testing.containers.Needs;
import io.holdfast.testing.containers.Podman;
import io.holdfast.testing.containers.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A JobManager and a TaskManager, each in a pod, run Holdfast's main class and shuffle service, which they have from an image
 * alone: Holdfast's own jar is shipped as a bundle like any other.
 */
@Needs(Tool.PODMAN)
@Timeout(300)
class JarCacheFlinkPodIT {

    private static final Installation FLINK = new Installation("2.3");
    private static final Path PLACED = Path.of("/holdfast/jars/lib/holdfast-flink-2.3.jar");
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @TempDir
    private Path directory;

    @Test
    void flinkRunsOnTheJarThatTheInitContainerPlaced() throws IOException {
        try (Podman podman = Podman.start()) {
            String init = podman.load(bundleOfHoldfast());
            String java = podman.load(Installation.baseImage());
            JobManagerSetup setup = new JobManagerSetup(directory, FLINK, List.of(PLACED));
            setup.withTaskManager(128, 64);
            List<String> jobManager =
                    setup.javaArguments("io.holdfast.flink.entrypoint.HoldfastStandaloneSessionEntrypoint");
            List<String> taskManager = setup.javaArguments("org.apache.flink.runtime.taskexecutor.TaskManagerRunner");
            Podman.openToContainers(directory);

            JarCachePod first = start(podman, "jobmanager", init, java, jobManager, setup);
            JarCachePod second = start(podman, "taskmanager", init, java, taskManager, setup);

            FlinkRest rest = setup.rest();
            Eventually.until(PATIENCE, () -> {
                assertThat(first.pod().isRunning(JarCachePod.MAIN))
                        .as(() -> first.report() + setup.log())
                        .isTrue();
                assertThat(second.pod().isRunning(JarCachePod.MAIN))
                        .as(() -> second.report() + setup.log())
                        .isTrue();
                assertThat(rest.taskManagers())
                        .as(() -> second.report() + setup.log())
                        .hasSize(1);
            });
            // Stock Flink has no such path: it says "Not found: /holdfast/...".
            assertThatThrownBy(() -> rest.get("/holdfast/jobs/" + "0".repeat(32) + "/incidents"))
                    .isInstanceOf(FlinkRest.Refusal.class)
                    .hasMessageContaining("Could not find Flink job");
        }
    }

    private JarCachePod start(
            Podman podman, String name, String init, String java, List<String> arguments, JobManagerSetup setup) {
        String command = Stream.concat(
                        Stream.concat(Stream.of("java"), arguments.stream()),
                        Stream.of("--configDir", setup.configDirectory().toString()))
                .map(argument -> "\"" + argument + "\"")
                .collect(Collectors.joining(", ", "[", "]"));
        JarCachePod pod = new JarCachePod(podman, name, directory, init, java)
                .with("HOLDFAST_JAR_CACHE_FLINK_VERSION", FLINK.flinkMinor())
                .mainSeeing(Installation.checkout(), true)
                .mainSeeing(directory, false)
                .running(command)
                .play();
        assertThat(pod.started()).as(pod::report).isTrue();
        return pod;
    }

    private Path bundleOfHoldfast() throws IOException {
        Path file = Files.writeString(directory.resolve("bundle.yaml"), """
                name: holdfast
                version: "1"
                flink: ["2.3"]
                jars:
                  - {source: "file:%s", place: lib}
                """.formatted(FLINK.holdfastJar()));
        BundleCommand bundle = new BundleCommand(directory);
        Path image = directory.resolve("image.tar");
        bundle.run("lock", file.toString());
        bundle.run("build", file.toString(), "--base", "tar:" + Installation.jarCacheImage(), "--to", "tar:" + image);
        return image;
    }
}
