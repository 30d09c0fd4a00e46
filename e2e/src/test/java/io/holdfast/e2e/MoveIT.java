package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.holdfast.benchmarks.job.JobSettings.SinkKind;
import io.holdfast.benchmarks.resize.Build;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.FlinkProcess;
import io.holdfast.testing.FlinkProcesses;
import io.holdfast.testing.FlinkRest;
import io.holdfast.testing.Moves;
import io.holdfast.testing.Moves.Move;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tasks of a job under load are moved between the processes of a cluster, over REST, and every record is accounted for.
 * One cluster for all tests, each of whose TaskManagers could take the whole job; a job for each.
 */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class MoveIT {

    private static final int TASK_MANAGERS = 4;
    private static final int SLOTS = 3;
    private static final Duration ENOUGH = Duration.ofSeconds(20);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long SEED = 5;

    private final Random random = new Random(SEED);

    private Path directory;
    private FlinkProcesses flink;
    private Moves moves;
    private Path run;

    @BeforeAll
    void start(@TempDir Path fresh) {
        directory = fresh;
        flink = new Build(Installation.checkout(), Installation.MINORS.get(0))
                .holdfast(directory)
                .taskManagers(TASK_MANAGERS)
                .slotsPerTaskManager(SLOTS)
                .taskManagerMemoryMiB(384)
                .option("taskmanager.load-balance.mode", "SLOTS")
                .option("heartbeat.interval", "500 ms")
                .option("heartbeat.timeout", "10 s")
                .jvmFlag("-XX:TieredStopAtLevel=1")
                .start();
        moves = new Moves(flink.rest());
    }

    @AfterAll
    void stop() {
        flink.close();
    }

    @BeforeEach
    void cluster(TestInfo test) {
        long alive = flink.taskManagers().stream().filter(FlinkProcess::isAlive).count();
        for (; alive < TASK_MANAGERS; alive++) {
            flink.startTaskManager();
        }
        Eventually.until(PATIENCE, () -> assertThat(flink.rest().taskManagers()).containsAll(aliveTaskManagers()));
        run = directory.resolve(test.getTestMethod().orElseThrow().getName());
    }

    private List<String> aliveTaskManagers() {
        return flink.taskManagers().stream()
                .filter(FlinkProcess::isAlive)
                .map(FlinkProcess::name)
                .toList();
    }

    @Test
    @Order(1)
    void jobThatIsMovedAgainAndAgainLosesAndRepeatsNothing() throws Exception {
        MovedJob job = MovedJob.start(flink, run, MovedJob.Work.ofSeconds(18));

        for (int i = 0; i < 4; i++) {
            String leaving = anyOf(job);
            Map<String, Integer> before = job.attempts();
            Map<String, String> places = job.places();
            Move move = moved(leaving);
            assertNothingIsOn(job, leaving);
            assertThat(job.attempts())
                    .allSatisfy((task, attempt) -> assertThat(attempt - before.get(task))
                            .as("restarts of %s, on %s before %s left", task, places.get(task), leaving)
                            .isEqualTo(places.get(task).equals(leaving) ? 1 : 0));
            assertThat(move.subtasks()).allSatisfy(subtask -> {
                assertThat(subtask.from()).isEqualTo(leaving);
                assertThat(subtask.to()).isNotEqualTo(leaving).isIn(aliveTaskManagers());
                assertThat(subtask.stoppedAt()).isPositive().isLessThanOrEqualTo(subtask.deployedAt());
                assertThat(subtask.deployedAt()).isLessThanOrEqualTo(subtask.runningAt());
            });
        }
        List<Move> remembered = moves.all();

        job.assertExact();
        assertThat(remembered).hasSizeGreaterThanOrEqualTo(4).allMatch(Move::isHandedOver);
    }

    @Test
    @Order(2)
    void backPressuredJobWithATransactionalSinkIsMoved() throws Exception {
        MovedJob job = MovedJob.start(flink, run, MovedJob.Work.backPressured(400_000, 200, SinkKind.COMMITTING));
        int moved = 0;

        while (job.isRunning() && moved < 3) {
            Move move = ended(start(anyOf(job)));
            if (job.isRunning()) {
                assertThat(move.isHandedOver()).as(move.json().toString()).isTrue();
                moved++;
            }
        }

        assertThat(moved).isPositive();
        job.assertExact();
    }

    @Test
    @Order(3)
    void movesThatAreCancelledLeaveNoTrace() throws Exception {
        MovedJob job = MovedJob.start(flink, run, MovedJob.Work.ofSeconds(12));
        List<Long> delays = List.of(0L, 30L, 60L, 120L, 250L);
        int cancelled = 0;

        for (long delayMillis : delays) {
            Map<String, Integer> before = job.attempts();
            Move move = start(anyOf(job));
            TimeUnit.MILLISECONDS.sleep(delayMillis);
            boolean inTime = moves.cancel(move.id());
            Move ended = ended(move);
            assertThat(ended.state()).isEqualTo(inTime ? "CANCELLED" : "COMPLETED");
            if (inTime) {
                assertThat(moves.cancel(move.id())).as("cancelled again").isTrue();
                assertThat(job.attempts()).isEqualTo(before);
                cancelled++;
            }
        }

        assertThat(cancelled).isPositive();
        job.assertExact();
    }

    @Test
    @Order(4)
    void moveThatFindsNoSlotsChangesNothing() throws Exception {
        MovedJob job = MovedJob.start(flink, run, MovedJob.Work.ofSeconds(7));
        Map<String, Integer> before = job.attempts();

        Move move = ended(moves.start(aliveTaskManagers(), Duration.ofSeconds(2), Duration.ZERO, "all of them"));

        assertThat(move.state()).isEqualTo("FAILED");
        assertThat(move.detail()).contains("no slots for").contains("Add TaskManagers");
        assertThat(job.attempts()).isEqualTo(before);
        job.assertExact();
    }

    @Test
    @Order(5)
    void twoTaskManagersLeaveAtOnceAndOneRequestJoinsAnother() throws Exception {
        MovedJob job = MovedJob.start(flink, run, MovedJob.Work.ofSeconds(10));
        List<String> used = job.taskManagers();
        assertThat(used).hasSizeGreaterThan(1);

        Move first = start(used.get(0));
        Move second = start(used.get(1));
        Move joined = moves.start(used.get(1), Duration.ofSeconds(10), "another notice");

        assertThat(second.id()).isNotEqualTo(first.id());
        if (!second.hasEnded()) {
            assertThat(joined.id()).isEqualTo(second.id());
        }
        assertThat(ended(first).isHandedOver()).isTrue();
        Move last = ended(second);
        assertThat(last.isHandedOver()).as(last.json().toString()).isTrue();
        assertNothingIsOn(job, used.get(0), used.get(1));
        job.assertExact();
    }

    @Test
    @Order(6)
    void moveWithoutTimeSaysWhatItDidInstead() throws Exception {
        MovedJob job = MovedJob.start(flink, run, MovedJob.Work.ofSeconds(8));
        Eventually.until(PATIENCE, () -> assertThat(job.checkpoints()).isPositive());
        String leaving = anyOf(job);

        Move move = ended(moves.start(List.of(leaving), Duration.ofMillis(1), ENOUGH, "gone already"));

        assertThat(move.state()).as(move.json().toString()).isEqualTo("COMPLETED");
        assertThat(move.step()).isEqualTo("restart");
        assertThat(move.degradations()).isNotEmpty().allMatch(why -> !why.isBlank());
        assertNothingIsOn(job, leaving);
        job.assertLedgerIsRight();
    }

    @Test
    @Order(7)
    void taskManagerThatDiesWhileItIsLeftIsAnOrdinaryLoss() throws Exception {
        MovedJob job = MovedJob.start(flink, run, MovedJob.Work.ofSeconds(12));
        Eventually.until(PATIENCE, () -> assertThat(job.checkpoints()).isPositive());
        String leaving = anyOf(job);

        Move move = start(leaving);
        TimeUnit.MILLISECONDS.sleep(random.nextInt(400));
        flink.taskManager(leaving).kill();

        assertThat(ended(move).state()).isIn("COMPLETED", "FAILED");
        job.assertLedgerIsRight();
        assertNothingIsOn(job, leaving);
    }

    @Test
    @Order(8)
    void taskManagerThatDiesWhenTasksComeToItCostsNoRecordThatNobodyKnowsOf() throws Exception {
        MovedJob job = MovedJob.start(flink, run, MovedJob.Work.ofSeconds(14));
        Eventually.until(PATIENCE, () -> assertThat(job.checkpoints()).isPositive());

        Move move = start(anyOf(job));
        List<String> targets = Eventually.value(PATIENCE, () -> {
            List<String> known = moves.find(move.id()).orElseThrow().subtasks().stream()
                    .map(Moves.Subtask::to)
                    .filter(to -> !to.isEmpty())
                    .toList();
            assertThat(known).isNotEmpty();
            return known;
        });
        flink.taskManager(targets.get(0)).kill();

        assertThat(ended(move).hasEnded()).isTrue();
        job.assertLedgerIsRight();
    }

    @Test
    @Order(9)
    void whatCannotBeDoneIsSaid() {
        assertRefused(() -> moves.start("tm-none", ENOUGH, "unknown"), 404, "tm-none is not registered");
        assertRefused(
                () -> flink.rest().post("/holdfast/moves", "{\"taskmanagers\": []}"), 400, "at least one TaskManager");
        assertRefused(() -> flink.rest().post("/holdfast/moves", "{"), 400, "Request did not match expected format");
        assertThat(moves.find("0123456789abcdef0123456789abcdef")).isEmpty();
        assertThat(moves.start(aliveTaskManagers().get(0), ENOUGH, "no job is there")
                        .state())
                .isEqualTo("COMPLETED");
    }

    private static void assertRefused(Runnable request, int status, String message) {
        assertThatExceptionOfType(FlinkRest.Refusal.class)
                .isThrownBy(request::run)
                .withMessageContaining(message)
                .satisfies(refusal -> assertThat(refusal.status()).isEqualTo(status));
    }

    /** The last: none of the processes knows the job any more. */
    @Test
    @Order(10)
    void checkpointTakenAfterMovesIsWholeEvenIfTheJobManagerDiesInTheMiddleOfOne() throws Exception {
        MovedJob job = MovedJob.start(flink, run, MovedJob.Work.ofSeconds(12));
        for (int i = 0; i < 3; i++) {
            moved(anyOf(job));
        }
        long before = job.checkpoints();
        Eventually.until(PATIENCE, () -> assertThat(job.checkpoints()).isGreaterThan(before));
        start(anyOf(job));
        TimeUnit.MILLISECONDS.sleep(random.nextInt(300));

        flink.restartJobManager();
        Eventually.until( // nothing stays frozen: the slots are free again
                PATIENCE,
                () -> assertThat(flink.rest().overview().path("slots-available").asInt())
                        .isEqualTo(SLOTS * TASK_MANAGERS));
        MovedJob again = job.again(run.resolve("again"));

        MovedJob.assertStateIsExact(again.verdict());
    }

    // ------------------------------------------------------------------ moves

    /** A TaskManager with tasks; without it there is still one that they can go to. */
    private String anyOf(MovedJob job) {
        Eventually.until(PATIENCE, () -> assertThat(moves.leaving()).hasSizeLessThanOrEqualTo(TASK_MANAGERS - 2));
        List<String> used = job.taskManagers();
        return used.get(random.nextInt(used.size()));
    }

    /** Flink answers with what it knew up to half a second ago. */
    private static void assertNothingIsOn(MovedJob job, String... taskManagers) {
        Eventually.until(PATIENCE, () -> assertThat(job.places().values()).doesNotContain(taskManagers));
    }

    private Move start(String taskManager) {
        return moves.start(taskManager, ENOUGH, "the test wants it");
    }

    private Move ended(Move move) {
        return moves.awaitEnd(move.id(), PATIENCE);
    }

    private Move moved(String taskManager) {
        Move move = ended(moves.start(taskManager, Duration.ofSeconds(9), "the test wants it"));
        assertThat(move.isHandedOver()).as(move.json().toString()).isTrue();
        return move;
    }
}
