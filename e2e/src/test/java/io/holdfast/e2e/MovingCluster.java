package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.benchmarks.Oracle;
import io.holdfast.benchmarks.job.ArrivalFiles;
import io.holdfast.benchmarks.job.NumbersJob;
import io.holdfast.benchmarks.job.RunDirectory;
import io.holdfast.benchmarks.resize.Build;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.FlinkProcess;
import io.holdfast.testing.FlinkProcesses;
import io.holdfast.testing.FlinkProcessesBuilder;
import io.holdfast.testing.Moves;
import io.holdfast.testing.Moves.Move;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * One cluster, and one job for as long as all goes well: of its four TaskManagers with one slot each two have its tasks, one
 * is where tasks go to, and one is left for the case that this one dies. After each test every record that the sources have
 * sent is accounted for.
 */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class MovingCluster {

    static final int PARALLELISM = 2;
    static final List<String> OPERATORS = List.of(NumbersJob.SOURCE, NumbersJob.MAP, NumbersJob.SINK);
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration MOMENT = Duration.ofSeconds(5);
    private static final int TASK_MANAGERS = 4;
    private static final int TAIL_LINES = 60;

    /** What something may cost. */
    enum Cost {
        NONE,
        /** What new attempts had sent before they were lost themselves. */
        REPETITION,
        OF_A_RESTART
    }

    /** What is done to a job that is well. */
    @FunctionalInterface
    interface Deed {
        /** Returns what it may have cost. */
        Cost run() throws Exception;
    }

    private final String flinkMinor;

    private Path directory;
    private FlinkProcesses flink;
    private Moves moves;
    private int jobs;
    private int turns;

    private MovedJob job; // null if there is none that is well
    private Oracle.Verdict before;
    private long lostBeforeThisJobManager;

    MovingCluster(String flinkMinor) {
        this.flinkMinor = flinkMinor;
    }

    @BeforeAll
    void start(@TempDir Path fresh) {
        directory = fresh;
        FlinkProcessesBuilder builder = new Build(Installation.checkout(), flinkMinor)
                .holdfast(directory)
                .taskManagers(TASK_MANAGERS)
                .slotsPerTaskManager(1)
                .taskManagerMemoryMiB(384)
                .option("slot.idle.timeout", "200 ms") // who has a slot is who uses it
                .option("heartbeat.interval", "300 ms")
                .option("heartbeat.timeout", "20 s") // of who is stopped; who is dead is known by his closed port
                .option("holdfast.restart.suspect-timeout", "20 s")
                .jvmFlag("-XX:TieredStopAtLevel=1");
        configure(builder);
        flink = builder.start();
        moves = new Moves(flink.rest());
    }

    /** What is special about this one. */
    void configure(FlinkProcessesBuilder builder) {}

    @AfterAll
    void stop() {
        flink.close();
    }

    Path directory() {
        return directory;
    }

    FlinkProcesses flink() {
        return flink;
    }

    Moves moves() {
        return moves;
    }

    MovedJob job() {
        return job;
    }

    /** Has {@code deed} done when all is well, and looks whether all is well afterwards, but for what it cost. */
    void prove(String what, Deed deed) {
        try {
            prepare();
            judge(deed.run());
        } catch (Exception | AssertionError e) {
            String logs = flink.tail(TAIL_LINES);
            abandon();
            throw new AssertionError("%s: %s%n%s".formatted(what, e, logs), e);
        }
    }

    // ------------------------------------------------------------------ before

    private void prepare() throws IOException {
        for (long alive = alive().size(); alive < TASK_MANAGERS; alive++) {
            flink.startTaskManager();
        }
        if (job == null) {
            job = MovedJob.start(flink, directory.resolve("job-" + ++jobs), MovedJob.Work.endless(PARALLELISM));
            before = new Oracle(Map.of(), 0).judge(new ArrivalFiles.Output(List.of(), List.of()));
            lostBeforeThisJobManager = 0;
            awaitAnotherCheckpoint();
        }
        Eventually.until(PATIENCE, () -> {
            assertThat(flink.rest().taskManagers()).containsExactlyInAnyOrderElementsOf(alive());
            assertThat(moves.leaving()).doesNotContainAnyElementsOf(alive());
            assertAllRun();
            assertThat(free()).hasSize(TASK_MANAGERS - PARALLELISM).doesNotContainAnyElementsOf(job.taskManagers());
        });
    }

    void assertAllRun() {
        assertThat(job.subtasks())
                .hasSize(OPERATORS.size() * PARALLELISM)
                .allMatch(subtask -> subtask.status().equals("RUNNING"));
    }

    private List<String> alive() {
        return flink.taskManagers().stream()
                .filter(FlinkProcess::isAlive)
                .map(FlinkProcess::name)
                .toList();
    }

    /** TaskManagers whose slot nobody has. */
    Set<String> free() {
        Set<String> free = new TreeSet<>();
        for (JsonNode each : flink.rest().get("/taskmanagers").path("taskmanagers")) {
            if (each.path("freeSlots").asInt() > 0) {
                free.add(each.path("id").asText());
            }
        }
        return free;
    }

    /** TaskManagers with tasks: each time another one is the first. */
    List<String> used() {
        List<String> used = job.taskManagers();
        return turns++ % 2 == 0 ? used : List.of(used.get(1), used.get(0));
    }

    // ------------------------------------------------------------------ meanwhile

    /** Where the sink's subtask there waits with its part of a checkpoint. */
    String snapshotOf(String taskManager) {
        return RunDirectory.snapshot(NumbersJob.SINK, job.subtaskOn(taskManager, NumbersJob.SINK));
    }

    long completed() {
        return flink.rest().checkpoints(job.id()).latestCompletedId().orElse(-1);
    }

    void awaitState(String move, String state) {
        Eventually.until(
                PATIENCE,
                () -> assertThat(moves.find(move).orElseThrow().state()).isEqualTo(state));
    }

    /**
     * Returns when all but the sink that waits at {@code gate} have acknowledged the checkpoint of a move. One that was under
     * way before is let through.
     */
    void awaitCheckpointWithout(String gate, String move) {
        Eventually.until(PATIENCE, () -> {
            JsonNode newest = flink.rest()
                    .get("/jobs/" + job.id() + "/checkpoints")
                    .path("history")
                    .path(0);
            Move now = moves.find(move).orElseThrow();
            if (now.state().equals("RESERVING")) { // and was, when that was the newest
                job.run().gates().close(gate, newest.path("id").asLong() + 1);
            }
            assertThat(now.state()).isEqualTo("CHECKPOINTING");
            assertThat(newest.path("trigger_timestamp").asLong())
                    .isGreaterThanOrEqualTo(now.reachedAt("CHECKPOINTING"));
            assertThat(newest.path("status").asText()).isEqualTo("IN_PROGRESS");
            assertThat(newest.path("num_acknowledged_subtasks").asInt()).isEqualTo(OPERATORS.size() * PARALLELISM - 1);
        });
        awaitState(move, "CHECKPOINTING");
    }

    /** Which of {@code wereFree} a move has reserved. */
    String awaitTarget(Set<String> wereFree) {
        return Eventually.value(PATIENCE, () -> {
            Set<String> reserved = new TreeSet<>(wereFree);
            reserved.removeAll(free());
            assertThat(reserved).hasSize(1);
            return reserved.iterator().next();
        });
    }

    void assertHandedOver(Move move, String from) {
        assertThat(move.isHandedOver()).as(move.json().toString()).isTrue();
        Eventually.until(PATIENCE, () -> assertThat(job.places().values()).doesNotContain(from));
    }

    /** Kills a TaskManager, has another one started, and returns when the JobManager knows that it is dead. */
    void die(String taskManager) {
        goAway(taskManager);
        Eventually.until(PATIENCE, () -> assertThat(flink.rest().taskManagers()).doesNotContain(taskManager));
    }

    /** What its node does when it has been left. */
    void goAway(String taskManager) {
        if (flink.taskManager(taskManager).isAlive()) {
            flink.taskManager(taskManager).kill();
            flink.startTaskManager();
        }
    }

    /** Another JobManager goes on with the job: it knows nothing of what was lost before. */
    void anotherJobManager() {
        flink.restartJobManager();
        lostBeforeThisJobManager = before.netLost();
    }

    /** Whoever stands still goes on. */
    void letGo() throws IOException {
        job.run().gates().openAll();
    }

    // ------------------------------------------------------------------ after

    /** All that was sent has arrived, or the ledger knows why not; and the job goes on. */
    private void judge(Cost allowed) throws IOException {
        Eventually.until(PATIENCE, this::assertAllRun);
        silence();
        Eventually.until(PATIENCE, () -> {
            Oracle.Verdict verdict = job.verdictInSilence();
            JsonNode totals = job.ledger().path("totals");
            assertThat(verdict.netLost() - lostBeforeThisJobManager)
                    .as("lost, minus repeated: %s and the ledger %s", verdict, totals)
                    .isEqualTo(totals.path("lostRecords").asLong(Long.MIN_VALUE)
                            - totals.path("deliveredRecords").asLong());
            assertThat(verdict.unexpected()).as("unexpected").isZero();
            if (allowed != Cost.OF_A_RESTART) {
                assertThat(verdict.lost()).as("lost, of %s", verdict).isEqualTo(before.lost());
            }
            if (allowed == Cost.NONE) {
                assertThat(verdict.repeated()).as("repeated, of %s", verdict).isEqualTo(before.repeated());
                assertThat(verdict.missingInState()).as("missing in the state").isEqualTo(before.missingInState());
            }
            assertThat(verdict.reordered()).as("reordered").isZero();
            before = verdict;
        });
        job.run().pause(false);
        awaitAnotherCheckpoint();
    }

    /** Sources that were restarted must have come further than those before them. */
    private void silence() {
        Eventually.until(PATIENCE, () -> {
            job.run().pause(false);
            TimeUnit.MILLISECONDS.sleep(100);
            job.run().pause(true);
            Eventually.until(MOMENT, job::verdictInSilence);
            assertThat(job.verdictInSilence().unexpected())
                    .as("ahead of the sources")
                    .isZero();
        });
    }

    private void awaitAnotherCheckpoint() {
        long last = completed();
        Eventually.until(PATIENCE, () -> assertThat(completed()).isGreaterThan(last));
    }

    /** The next begins with a job of its own. */
    private void abandon() {
        if (job == null) {
            return;
        }
        try {
            letGo();
            if (!flink.jobManager().isAlive()) {
                flink.restartJobManager();
            }
            String broken = job.id();
            Eventually.until(PATIENCE, () -> flink.rest().cancel(broken));
            Eventually.until(
                    PATIENCE, () -> assertThat(flink.rest().job(broken).state()).isEqualTo("CANCELED"));
        } catch (IOException | RuntimeException | AssertionError e) {
            flink.taskManagers().forEach(FlinkProcess::kill); // nothing of it is left
        }
        job = null;
    }
}
