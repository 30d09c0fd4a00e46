package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.FlinkRest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Clusters on native Kubernetes, started by the container's entry point: jobs are managed, and pods asked for. */
@Timeout(180)
class NativeKubernetesIT {

    @SuppressWarnings("unused")
    private static final List<String> MINORS = Installation.MINORS;

    private static final String ENTRY_PATH = "/opt/holdfast/holdfast-entrypoint.sh";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private FakeApiServer kubernetes;
    private Path jobJar;

    @BeforeEach
    void start() throws IOException {
        kubernetes = new FakeApiServer();
        jobJar = FailingOnceJob.jar(directory.resolve("job.jar"));
    }

    @AfterEach
    void stop() {
        kubernetes.close();
    }

    @ParameterizedTest
    @FieldSource("MINORS")
    void sessionAsksForAPodWhenAJobIsSubmitted(String minor) throws IOException {
        Installation flink = new Installation(minor);
        JobManagerSetup setup = setup(flink, List.of(flink.holdfastJar(), jobJar));
        try (Launched jobManager = setup.startInContainer(
                "org.apache.flink.kubernetes.entrypoint.KubernetesSessionClusterEntrypoint", List.of())) {
            FlinkRest rest = setup.rest();
            awaitAnswer(jobManager, rest);
            assertThat(kubernetes.createdPods()).isEmpty();

            submit(flink, setup.restPort());

            assertManaged(jobManager, rest);
            assertPodAskedFor(setup);
        }
        assertThat(setup.log()).contains("Starting HoldfastKubernetesSessionEntrypoint");
    }

    @ParameterizedTest
    @FieldSource("MINORS")
    void applicationStartsItsProgramAndAsksForAPod(String minor) throws IOException {
        Installation flink = new Installation(minor);
        JobManagerSetup setup = setup(flink, List.of(flink.holdfastJar()))
                .option("execution.target", "kubernetes-application")
                .option("pipeline.jars", "local://" + jobJar)
                .option(
                        "user.artifacts.base-dir",
                        directory.resolve("artifacts").toString())
                .option("$internal.application.main", FailingOnceJob.class.getName())
                .option("$internal.application.program-args", directory.toString());
        try (Launched jobManager = setup.startInContainer(
                "org.apache.flink.kubernetes.entrypoint.KubernetesApplicationClusterEntrypoint", List.of())) {
            FlinkRest rest = setup.rest();
            awaitAnswer(jobManager, rest);

            assertManaged(jobManager, rest);
            assertPodAskedFor(setup);
        }
        assertThat(setup.log()).contains("Starting HoldfastKubernetesApplicationEntrypoint");
    }

    private JobManagerSetup setup(Installation flink, List<Path> extensions) {
        return new JobManagerSetup(directory, flink, extensions)
                .option("kubernetes.cluster-id", FakeApiServer.CLUSTER_ID)
                .option(
                        "kubernetes.config.file",
                        kubernetes.kubeconfig(directory.resolve("kubeconfig")).toString())
                .option("kubernetes.entry.path", ENTRY_PATH)
                .option("taskmanager.memory.process.size", "1 g")
                .option("taskmanager.rpc.port", "6122") // as Flink's client does, for the pod's list of ports
                .option("taskmanager.numberOfTaskSlots", "2");
    }

    private static void awaitAnswer(Launched jobManager, FlinkRest rest) {
        Eventually.until(PATIENCE, () -> {
            assertThat(jobManager.isAlive()).as(jobManager::standardError).isTrue();
            rest.overview();
        });
    }

    private static void assertManaged(Launched jobManager, FlinkRest rest) {
        Eventually.until(PATIENCE, () -> {
            String job = rest.jobs().get(0);
            assertThat(rest.get("/holdfast/jobs/" + job + "/incidents")
                            .path("managed")
                            .asBoolean())
                    .as(jobManager::standardError)
                    .isTrue();
        });
    }

    private void assertPodAskedFor(JobManagerSetup setup) {
        Eventually.until(
                PATIENCE,
                () -> assertThat(kubernetes.createdPods()).as(setup::log).hasSize(1));
        JsonNode pod = kubernetes.createdPods().get(0);
        assertThat(kubernetes.unknownRequests()).isEmpty();
        assertThat(pod.at("/metadata/ownerReferences/0/uid").asText()).isEqualTo(FakeApiServer.DEPLOYMENT_UID);
        assertThat(pod.at("/spec/containers/0/command").toString()).isEqualTo("[\"" + ENTRY_PATH + "\"]");
        assertThat(pod.at("/spec/containers/0/args/0").asText()).isEqualTo("bash");
        assertThat(pod.at("/spec/containers/0/args/2").asText()).startsWith("kubernetes-taskmanager.sh ");
    }

    private void submit(Installation flink, int restPort) throws IOException {
        Path client = Files.createDirectory(directory.resolve("client"));
        JobManagerSetup setup = new JobManagerSetup(client, flink, List.of(jobJar));
        List<String> arguments =
                new ArrayList<>(List.of(directory.toString(), "127.0.0.1", Integer.toString(restPort)));
        try (Launched submission = setup.start(FailingOnceJob.class.getName(), arguments)) {
            assertThat(submission.exitCode(PATIENCE))
                    .as(submission::standardError)
                    .isZero();
        }
    }
}
