package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.benchmarks.Oracle;
import io.holdfast.benchmarks.job.ArrivalFiles;
import io.holdfast.benchmarks.job.JobSettings;
import io.holdfast.benchmarks.job.JobSettings.SinkKind;
import io.holdfast.benchmarks.job.NumbersJob;
import io.holdfast.benchmarks.job.RunDirectory;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.FlinkProcesses;
import io.holdfast.testing.FlinkRest;
import io.holdfast.testing.job.PacedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A job with keyed state of which every record is accounted for, on a cluster on which its tasks are moved. */
final class MovedJob {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int KEYS = 32;
    private static final int OPERATORS = 3;

    private final FlinkProcesses flink;
    private final FlinkRest rest;
    private final RunDirectory run;
    private final Work work;
    private final String id;

    private MovedJob(FlinkProcesses flink, RunDirectory run, Work work, String id) {
        this.flink = flink;
        this.rest = flink.rest();
        this.run = run;
        this.work = work;
        this.id = id;
    }

    /**
     * What it does.
     *
     * @param recordsPerSecond of all sources together; 0 for as many as go through: it is back-pressured all the time
     * @param recordsPerSplit after which it ends
     * @param checkpointMillis from one checkpoint to the next
     */
    record Work(
            int parallelism,
            int recordsPerSecond,
            long recordsPerSplit,
            int payloadBytes,
            SinkKind sink,
            int checkpointMillis) {

        /** A light load for so long. */
        static Work ofSeconds(int seconds) {
            return new Work(3, 1_500, 500L * seconds, 0, SinkKind.FILE, 500);
        }

        /** As much as goes through, until so many records are through. */
        static Work backPressured(long recordsPerSplit, int payloadBytes, SinkKind sink) {
            return new Work(3, 0, recordsPerSplit, payloadBytes, sink, 500);
        }

        /** A light load that goes on. */
        static Work endless(int parallelism) {
            return new Work(parallelism, 400 * parallelism, PacedReader.ENDLESS, 0, SinkKind.FILE, 1_000);
        }
    }

    /** Returns when all its tasks run, or have ended already. */
    static MovedJob start(FlinkProcesses flink, Path directory, Work work) throws IOException {
        return start(flink, directory, work, List.of());
    }

    /** The same job again, in a directory of its own, from the latest checkpoint that this one has left. */
    MovedJob again(Path directory) throws IOException {
        return start(
                flink,
                directory,
                work,
                List.of(NumbersJob.from(latestCheckpoint().toUri())));
    }

    private static MovedJob start(FlinkProcesses flink, Path directory, Work work, List<String> more)
            throws IOException {
        RunDirectory run = new RunDirectory(directory);
        run.create();
        JobSettings settings = new JobSettings(
                directory,
                work.parallelism,
                work.recordsPerSecond,
                work.recordsPerSplit,
                work.payloadBytes,
                KEYS,
                work.sink,
                false,
                work.checkpointMillis,
                false);
        List<String> arguments = new ArrayList<>(List.of(
                flink.restAddress().getHost(),
                Integer.toString(flink.restAddress().getPort())));
        arguments.addAll(settings.toArguments());
        arguments.addAll(more);
        String id = flink.run(NumbersJob.class.getName(), arguments)
                .lines()
                .filter(line -> line.startsWith(NumbersJob.JOB_ID))
                .map(line -> line.substring(NumbersJob.JOB_ID.length()))
                .findFirst()
                .orElseThrow();
        MovedJob job = new MovedJob(flink, run, work, id);
        Eventually.until(
                PATIENCE,
                () -> assertThat(job.subtasks())
                        .hasSize(OPERATORS * work.parallelism)
                        .allMatch(subtask -> List.of("RUNNING", "FINISHED").contains(subtask.status())));
        return job;
    }

    /** Through which it can be made to wait and to be silent. */
    RunDirectory run() {
        return run;
    }

    String id() {
        return id;
    }

    /** The subtask of an operator that is on {@code taskManager}. */
    int subtaskOn(String taskManager, String operator) {
        String vertex = rest.job(id).vertices().stream()
                .filter(each -> each.name().toLowerCase(Locale.ROOT).startsWith(operator))
                .findFirst()
                .orElseThrow()
                .id();
        return subtasks().stream()
                .filter(subtask -> subtask.vertexId().equals(vertex)
                        && subtask.taskManagerId().equals(taskManager))
                .findFirst()
                .orElseThrow()
                .index();
    }

    boolean isRunning() {
        return rest.job(id).state().equals("RUNNING");
    }

    /** How many checkpoints have completed. */
    long checkpoints() {
        return rest.checkpoints(id).completed();
    }

    List<FlinkRest.Subtask> subtasks() {
        return rest.subtasks(id);
    }

    /** TaskManagers that have tasks of it, in order. */
    List<String> taskManagers() {
        return subtasks().stream()
                .map(FlinkRest.Subtask::taskManagerId)
                .distinct()
                .sorted()
                .toList();
    }

    /** Number of the attempt of each subtask. */
    Map<String, Integer> attempts() {
        return subtasks().stream().collect(Collectors.toMap(MovedJob::name, FlinkRest.Subtask::attempt));
    }

    /** Where each subtask is. */
    Map<String, String> places() {
        return subtasks().stream().collect(Collectors.toMap(MovedJob::name, FlinkRest.Subtask::taskManagerId));
    }

    private static String name(FlinkRest.Subtask subtask) {
        return subtask.vertexId() + "/" + subtask.index();
    }

    /** What Holdfast says that its restarts have cost. */
    JsonNode ledger() {
        return rest.get("/holdfast/jobs/" + id + "/incidents");
    }

    /** What became of its records, when it has ended. */
    Oracle.Verdict verdict() throws IOException {
        Eventually.until(PATIENCE, () -> assertThat(rest.job(id).state()).isEqualTo("FINISHED"));
        assertThat(run.damages()).isEmpty();
        return new Oracle(work.parallelism, work.recordsPerSplit, KEYS).judge(ArrivalFiles.read(run));
    }

    /** What has become by now of what its sources had sent when all of them had fallen silent, as they are asked to be. */
    Oracle.Verdict verdictInSilence() throws IOException {
        Map<Integer, Long> sent = run.sent();
        assertThat(sent).as("sources that are silent").hasSize(work.parallelism);
        assertThat(run.damages()).isEmpty();
        return new Oracle(sent, KEYS).judge(ArrivalFiles.read(run));
    }

    /** It has ended, and nobody can see in its output or its state that something was done to it. */
    void assertExact() throws IOException {
        Oracle.Verdict verdict = verdict();
        assertThat(verdict.expected()).isEqualTo(work.parallelism * work.recordsPerSplit);
        assertThat(verdict.lost()).as("lost").isZero();
        assertThat(verdict.repeated()).as("repeated").isZero();
        assertThat(verdict.reordered()).as("reordered").isZero();
        assertThat(verdict.unexpected()).as("unexpected").isZero();
        assertThat(verdict.uncounted()).as("written behind the checkpoint").isZero();
        assertStateIsExact(verdict);
        JsonNode totals = ledger().path("totals");
        assertThat(totals.path("lostRecords").asLong(-1))
                .as("lost, in the ledger")
                .isZero();
        assertThat(totals.path("deliveredRecords").asLong(-1))
                .as("repeated, in the ledger")
                .isZero();
    }

    /** It has ended, its state has counted every record once, and the ledger says what its output lacks. */
    void assertLedgerIsRight() throws IOException {
        Oracle.Verdict verdict = verdict();
        JsonNode totals = ledger().path("totals");
        assertThat(verdict.netLost())
                .as("lost, minus repeated")
                .isEqualTo(totals.path("lostRecords").asLong()
                        - totals.path("deliveredRecords").asLong());
        assertThat(verdict.reordered()).as("reordered").isZero();
        assertThat(verdict.unexpected()).as("unexpected").isZero();
    }

    static void assertStateIsExact(Oracle.Verdict verdict) {
        assertThat(verdict.silentKeys()).as("keys that never arrived").isZero();
        assertThat(verdict.missingInState()).as("missing in the state").isZero();
    }

    private Path latestCheckpoint() throws IOException {
        try (Stream<Path> all = Files.walk(run.checkpoints())) {
            return all.filter(file -> file.getFileName().toString().equals("_metadata"))
                    .map(Path::getParent)
                    .max(Comparator.comparingLong(MovedJob::number))
                    .orElseThrow();
        }
    }

    private static long number(Path checkpoint) {
        return Long.parseLong(checkpoint.getFileName().toString().substring("chk-".length()));
    }
}
