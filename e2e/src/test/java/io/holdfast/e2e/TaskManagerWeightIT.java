package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.FlinkProcesses;
import io.holdfast.testing.FlinkRest;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The weight of a TaskManager is set over REST, between processes. */
@Timeout(180)
class TaskManagerWeightIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long FETCH_MILLIS = 500;
    private static final String NO_JOB = "0123456789abcdef0123456789abcdef";

    @TempDir
    private Path directory;

    private FlinkProcesses flink;
    private FlinkRest rest;

    @BeforeEach
    void start() {
        Installation installation = new Installation(Installation.MINORS.get(0));
        flink = FlinkProcesses.in(directory)
                .flinkLibraries(installation.flinkLibraries())
                .jars(List.of(installation.holdfastJar(), FailingOnceJob.jar(directory.resolve("job.jar"))))
                .jobManagerMainClass("io.holdfast.flink.entrypoint.HoldfastStandaloneSessionEntrypoint")
                .option(JobManagerSetup.SHUFFLE, "io.holdfast.flink.shuffle.HoldfastShuffleServiceFactory")
                .option("taskmanager.load-balance.mode", "SLOTS")
                .option("metrics.fetcher.update-interval", "100 ms")
                .option("taskmanager.memory.segment-size", "4 kb") // so that little is in flight
                .taskManagers(2)
                .slotsPerTaskManager(1)
                .start();
        rest = flink.rest();
    }

    @AfterEach
    void stop() {
        flink.close();
    }

    @Test
    void taskManagerWithoutWeightGetsNothing() throws Exception {
        String job = submit(true);
        String map = rest.job(job).vertices().stream()
                .filter(vertex -> vertex.name().startsWith("map"))
                .findFirst()
                .orElseThrow()
                .id();
        String taskManager = rest.subtasks(job, map).get(0).taskManagerId();
        Eventually.until(PATIENCE, () -> assertThat(got(job, map, 0)).isPositive());

        JsonNode drained = rest.put(weight(job, taskManager), "{\"weight\": 0}");

        assertThat(drained.path("taskManager").asText()).isEqualTo(taskManager);
        assertThat(drained.path("weight").asDouble(-1)).isZero();
        assertThat(drained.path("receivers").asInt()).as("map and sink").isEqualTo(2);
        Eventually.until(
                PATIENCE,
                () -> { // what was in flight comes first
                    long before = got(job, map, 0);
                    long otherBefore = got(job, map, 1);
                    assertThat(got(job, map, 0)).isEqualTo(before);
                    assertThat(got(job, map, 1)).isGreaterThan(otherBefore);
                });
        long before = got(job, map, 0);
        rest.put(weight(job, taskManager), "{\"weight\": 1}");
        Eventually.until(PATIENCE, () -> assertThat(got(job, map, 0)).isGreaterThan(before));
    }

    @Test
    void whatCannotBeDoneIsSaid() throws Exception {
        String job = submit(false);

        assertRefused(job, "{\"weight\": 1.5}", 400, "from 0 (nothing) to 1 (the rule)");
        assertRefused(job, "{}", 400, "from 0 (nothing) to 1 (the rule)");
        assertRefused(NO_JOB, "{\"weight\": 0}", 404, NO_JOB);
        assertRefused(job, "{\"weight\": 0}", 409, "holdfast.auto-partition.enabled: true");
    }

    private void assertRefused(String job, String body, int status, String message) {
        assertThatExceptionOfType(FlinkRest.Refusal.class)
                .isThrownBy(() -> rest.put(weight(job, "tm-1"), body))
                .withMessageContaining(message)
                .satisfies(refusal -> assertThat(refusal.status()).isEqualTo(status));
    }

    private String submit(boolean autoPartition) {
        URI address = flink.restAddress();
        flink.run(
                FailingOnceJob.class.getName(),
                List.of(
                        directory.toString(),
                        address.getHost(),
                        Integer.toString(address.getPort()),
                        Boolean.toString(autoPartition)));
        String job = Eventually.value(PATIENCE, () -> rest.jobs().get(0));
        Eventually.until(
                PATIENCE,
                () -> assertThat(rest.subtasks(job))
                        .hasSize(6)
                        .allMatch(subtask -> subtask.status().equals("RUNNING")));
        return job;
    }

    private static String weight(String job, String taskManager) {
        return "/holdfast/jobs/%s/taskmanagers/%s/weight".formatted(job, taskManager);
    }

    /** Flink answers with what it knows and asks the TaskManagers then, so the second answer is of now. */
    private long got(String job, String vertex, int subtask) throws InterruptedException {
        String path = "/jobs/%s/vertices/%s/metrics?get=%d.numRecordsIn".formatted(job, vertex, subtask);
        rest.get(path);
        Thread.sleep(FETCH_MILLIS);
        return rest.get(path).path(0).path("value").asLong();
    }
}
