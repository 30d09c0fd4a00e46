package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.FlinkRest;
import io.holdfast.testing.FreePort;
import io.holdfast.testing.containers.Finished;
import io.holdfast.testing.containers.Needs;
import io.holdfast.testing.containers.Pod;
import io.holdfast.testing.containers.Podman;
import io.holdfast.testing.containers.Tool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A TaskManager's pod as users write it: the agent comes from the jar cache, the resize sidecar runs beside Flink, and the
 * container's memory is changed from outside while a job runs.
 */
@Needs(Tool.PODMAN)
@Timeout(300)
class ResizePodIT {

    private static final Installation FLINK = new Installation("2.3");
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long MIB = 1 << 20;
    private static final long SMALL = 640 * MIB;
    private static final long LARGE = 1024 * MIB;
    private static final String FLINK_CONTAINER = "flink";
    private static final String SIDECAR = "resize-sidecar";
    private static final String JARS = "/holdfast/jars/lib/";

    @TempDir
    private Path directory;

    private final HttpClient http = HttpClient.newHttpClient();
    private final int port = FreePort.any();

    @Test
    void taskManagerFollowsItsContainer() throws IOException {
        try (Podman podman = Podman.start()) {
            String init = podman.load(bundleOfHoldfast());
            String java = podman.load(Installation.baseImage());
            String sidecar = podman.load(Installation.resizeSidecarImage());
            Path job = FailingOnceJob.jar(directory.resolve("job.jar"));
            JobManagerSetup host = new JobManagerSetup(directory, FLINK, List.of(FLINK.holdfastJar(), job));
            host.withTaskManager(256, 80).option("taskmanager.numberOfTaskSlots", "2");
            try (Launched jobManager = host.start(
                    "io.holdfast.flink.entrypoint.HoldfastStandaloneSessionEntrypoint",
                    List.of("--configDir", host.configDirectory().toString()))) {
                FlinkRest rest = host.rest();
                Podman.openToContainers(directory);
                Pod pod = podman.play(manifest(init, java, sidecar, host));
                assertThat(pod.started()).as(pod::message).isTrue();
                limit(pod, SMALL);
                Eventually.until(
                        PATIENCE,
                        () -> assertThat(rest.taskManagers())
                                .as(() -> report(pod) + jobManager.standardError())
                                .hasSize(1));
                String id = submit(host, job, rest);
                Eventually.until(
                        PATIENCE,
                        () -> assertThat(ceiling()).as(() -> report(pod)).isPositive());
                long ceiling = ceiling();

                limit(pod, LARGE);

                Eventually.until(
                        PATIENCE,
                        () -> assertThat(ceiling()).as(() -> report(pod)).isGreaterThan(ceiling + (LARGE - SMALL) / 2));

                post("/resize/prepare", "{\"memory\": \"%d\"}".formatted(SMALL));
                Eventually.until(
                        PATIENCE,
                        () -> assertThat(status().path("phase").asText())
                                .as(() -> report(pod))
                                .isEqualTo("ready"));
                limit(pod, SMALL);

                Eventually.until(
                        PATIENCE,
                        () -> assertThat(status().path("phase").asText())
                                .as(() -> report(pod))
                                .isEqualTo("stable"));
                assertThat(ceiling()).isLessThanOrEqualTo(ceiling);
                assertThat(rest.subtasks(id))
                        .hasSize(6)
                        .allMatch(subtask ->
                                subtask.attempt() == 0 && subtask.status().equals("RUNNING"));
            }
        }
    }

    private static void limit(Pod pod, long bytes) {
        Finished changed = pod.limitMemory(FLINK_CONTAINER, bytes);
        assertThat(changed.exitCode()).as(changed.toString()).isZero();
    }

    private long ceiling() {
        return status().path("taskManager").path("heap").path("ceilingBytes").asLong();
    }

    private JsonNode status() {
        return send(HttpRequest.newBuilder(uri("/resize/status")).build());
    }

    private void post(String path, String body) {
        send(HttpRequest.newBuilder(uri(path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    private JsonNode send(HttpRequest request) {
        try {
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
            return JSON.readTree(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String report(Pod pod) {
        return "--- Flink%n%s--- sidecar%n%s".formatted(pod.logs(FLINK_CONTAINER), pod.logs(SIDECAR));
    }

    private String submit(JobManagerSetup host, Path job, FlinkRest rest) {
        List<String> command = new ArrayList<>(List.of(
                Installation.javaHome().resolve("bin/java").toString(),
                "@" + Installation.jvmArguments(),
                "-cp",
                Stream.concat(Stream.of(job), FLINK.flinkJars().stream())
                        .map(Path::toString)
                        .collect(Collectors.joining(":")),
                FailingOnceJob.class.getName(),
                directory.toString(),
                "127.0.0.1",
                Integer.toString(host.restPort())));
        try (Launched submission = Launched.start(directory, Map.of(), command)) {
            assertThat(submission.exitCode(PATIENCE))
                    .as(submission.standardError())
                    .isZero();
        }
        String id = Eventually.value(PATIENCE, () -> rest.jobs().get(0));
        Eventually.until(
                PATIENCE,
                () -> assertThat(rest.subtasks(id))
                        .hasSize(6)
                        .allMatch(subtask -> subtask.status().equals("RUNNING")));
        return id;
    }

    private String manifest(String init, String java, String sidecar, JobManagerSetup host) {
        return """
                apiVersion: v1
                kind: Pod
                metadata:
                  name: taskmanager
                spec:
                  restartPolicy: Never
                  hostNetwork: true
                  volumes:
                  - {name: jars, emptyDir: {}}
                  - {name: run, emptyDir: {}}
                  - {name: checkout, hostPath: {path: "%1$s", type: Directory}}
                  - {name: files, hostPath: {path: "%2$s", type: Directory}}
                  initContainers:
                  - name: jar-cache
                    image: %3$s
                    imagePullPolicy: Never
                    volumeMounts:
                    - {name: jars, mountPath: /holdfast/jars}
                  containers:
                  - name: %4$s
                    image: %5$s
                    imagePullPolicy: Never
                    securityContext: {runAsUser: 9999, runAsGroup: 9999}
                    command: %6$s
                    resources: {limits: {memory: "%7$d"}}
                    volumeMounts:
                    - {name: jars, mountPath: /holdfast/jars, readOnly: true}
                    - {name: run, mountPath: /holdfast/run}
                    - {name: checkout, mountPath: "%1$s", readOnly: true}
                    - {name: files, mountPath: "%2$s"}
                  - name: %8$s
                    image: %9$s
                    imagePullPolicy: Never
                    securityContext: {runAsUser: 9999, runAsGroup: 9999}
                    env:
                    - {name: HOLDFAST_RESIZE_LISTEN, value: "127.0.0.1:%10$d"}
                    - {name: HOLDFAST_RESIZE_COOLDOWN, value: 0s}
                    volumeMounts:
                    - {name: run, mountPath: /holdfast/run}
                """.formatted(
                        Installation.checkout(),
                        directory,
                        init,
                        FLINK_CONTAINER,
                        java,
                        taskManagerCommand(host),
                        SMALL,
                        SIDECAR,
                        sidecar,
                        port);
    }

    /** As Flink's scripts compose it: what Flink computes comes first, what users configure last. */
    private static String taskManagerCommand(JobManagerSetup host) {
        List<String> command = new ArrayList<>(List.of("java"));
        for (String argument : host.javaArguments("org.apache.flink.runtime.taskexecutor.TaskManagerRunner")) {
            if (argument.equals("-cp")) {
                command.addAll(List.of(
                        "-XX:MaxDirectMemorySize=96m",
                        "-XX:-UseSerialGC",
                        "-XX:+UseG1GC",
                        "-Xms64m",
                        "-Xmx640m",
                        "-javaagent:" + JARS
                                + "holdfast-agent.jar=socket=/holdfast/run/agent.sock,heap=flink,direct=flink"));
            }
            command.add(argument);
        }
        command.addAll(List.of("--configDir", host.configDirectory().toString()));
        return command.stream().map(argument -> "\"" + argument + "\"").collect(Collectors.joining(", ", "[", "]"));
    }

    private Path bundleOfHoldfast() throws IOException {
        Path file = Files.writeString(
                directory.resolve("bundle.yaml"), """
                name: holdfast
                version: "1"
                flink: ["2.3"]
                jars:
                  - {source: "file:%s", place: lib}
                  - {source: "file:%s", place: lib}
                """.formatted(FLINK.holdfastJar(), Installation.agentJar()));
        BundleCommand bundle = new BundleCommand(directory);
        Path image = directory.resolve("image.tar");
        bundle.run("lock", file.toString());
        bundle.run("build", file.toString(), "--base", "tar:" + Installation.jarCacheImage(), "--to", "tar:" + image);
        return image;
    }
}
