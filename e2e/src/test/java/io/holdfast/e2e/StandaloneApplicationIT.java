package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.FlinkProcesses;
import io.holdfast.testing.FlinkRest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** A standalone application cluster restarts one failed task alone, and ends with its job. */
@Timeout(180)
class StandaloneApplicationIT {

    @SuppressWarnings("unused")
    private static final List<String> MINORS = Installation.MINORS;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    @ParameterizedTest
    @FieldSource("MINORS")
    void oneFailedTaskRestartsAlone(String minor) throws IOException {
        Installation installation = new Installation(minor);
        Path jobJar = FailingOnceJob.jar(directory.resolve("job.jar"));
        try (FlinkProcesses flink = FlinkProcesses.in(directory)
                .flinkLibraries(installation.flinkLibraries())
                .jars(List.of(installation.holdfastJar()))
                .jobManagerMainClass("io.holdfast.flink.entrypoint.HoldfastStandaloneApplicationEntrypoint")
                .jobManagerArguments(List.of(
                        "--jars",
                        "local://" + jobJar,
                        "--job-classname",
                        FailingOnceJob.class.getName(),
                        directory.toString()))
                .option(JobManagerSetup.SHUFFLE, "io.holdfast.flink.shuffle.HoldfastShuffleServiceFactory")
                .taskManagers(1)
                .slotsPerTaskManager(2)
                .start()) {
            FlinkRest rest = flink.rest();
            String job = Eventually.value(PATIENCE, () -> rest.jobs().get(0));
            Eventually.until(
                    PATIENCE,
                    () -> assertThat(attempts(rest, job))
                            .as(() -> flink.tail(20))
                            .containsExactlyInAnyOrder(
                                    "numbers 0 0", "numbers 1 0", "map 0 0", "map 1 0", "sink 0 0", "sink 1 0"));

            Files.createFile(directory.resolve(FailingOnceJob.FAIL));

            Eventually.until(
                    PATIENCE,
                    () -> assertThat(attempts(rest, job))
                            .as(() -> flink.tail(20))
                            .containsExactlyInAnyOrder(
                                    "numbers 0 0", "numbers 1 0", "map 0 1", "map 1 0", "sink 0 0", "sink 1 0"));
            JsonNode ledger = rest.get("/holdfast/jobs/" + job + "/incidents");
            assertThat(ledger.path("managed").asBoolean()).isTrue();
            assertThat(ledger.path("totals").path("restartedTasks").asInt()).isEqualTo(1);

            Files.createFile(directory.resolve(FailingOnceJob.FINISH));

            Eventually.until(
                    PATIENCE,
                    () -> assertThat(flink.jobManager().exitCode())
                            .as(() -> flink.tail(20))
                            .isZero());
        }
    }

    /** "vertex subtask attempt" of every task that runs. */
    private static List<String> attempts(FlinkRest rest, String job) {
        return rest.job(job).vertices().stream()
                .flatMap(vertex -> rest.subtasks(job, vertex.id()).stream()
                        .filter(subtask -> subtask.status().equals("RUNNING"))
                        .map(subtask -> "%s %d %d"
                                .formatted(
                                        vertex.name().replaceAll(".*(numbers|map|sink).*", "$1"),
                                        subtask.index(),
                                        subtask.attempt())))
                .collect(Collectors.toList());
    }
}
