package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.config.HoldfastOptions;
import java.io.Serializable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.operators.coordination.CoordinationRequest;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.runtime.webmonitor.MoveResponse;
import org.apache.flink.util.SerializedValue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tasks of whole jobs are moved between TaskManagers, and nobody can see it in what the jobs do. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class MoveJobTest {

    private static final long SECOND = 1_000;

    @RegisterExtension
    final TestCluster cluster =
            new TestCluster(new Configuration().set(JobManagerOptions.SLOT_IDLE_TIMEOUT, Duration.ofMillis(500)), 4);

    private final Random random = new Random(5);

    @AfterEach
    void hurry() {
        Stage.slow(1);
    }

    @Test
    void jobThatIsMovedAgainAndAgainLosesAndRepeatsNothing() throws Exception {
        NumbersJob job = new NumbersJob().records(60_000);
        JobID id = submitted(job.graph(), 9);
        List<Map<String, Serializable>> moves = new ArrayList<>();

        while (isRunning(id) && moves.size() < 12) {
            Map<String, Serializable> move = ended(id, start(id, 30 * SECOND, anyUsed(id)));
            if (isRunning(id)) {
                moves.add(move);
            }
        }
        Outcome outcome = cluster.outcome(id);

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(moves).hasSizeGreaterThan(3).allSatisfy(MoveJobTest::wasHandedOver);
        assertThat(job.missing()).isZero();
        assertNothingWasLost(outcome);
    }

    @ParameterizedTest
    @CsvSource({
        "TWO_INPUTS, 2",
        "UNION, 2",
        "SIDE_OUTPUT, 1",
        "ASYNC_IO, 1",
        "PROCESSING_TIME_TIMERS, 1",
        "TWO_PHASE_SINK, 1",
        "GATHERED_COMMITTABLES, 1"
    })
    void outputIsComplete(JobShape shape, int sources) throws Exception {
        Outcome outcome = runMoving(shape);

        assertThat(Committing.committed(JobShape.OUTPUT)).hasSize((int) (sources * JobShape.RECORDS));
        assertNothingWasLost(outcome);
    }

    @ParameterizedTest
    @CsvSource({"KEYED_STATE", "ROCKSDB", "SQL"})
    void stateIsComplete(JobShape shape) throws Exception {
        Outcome outcome = runMoving(shape);

        assertThat(Committing.sumOfLatest(JobShape.OUTPUT)).isEqualTo(JobShape.RECORDS);
        assertNothingWasLost(outcome);
    }

    @Test
    void tasksThatAreNotMovedKeepTheirAttempts() throws Exception {
        NumbersJob job = new NumbersJob().records(20_000);
        JobID id = submitted(job.graph(), 9);
        ResourceID leaving = anyUsed(id);
        Map<String, String> before = attempts(id);
        Map<String, ResourceID> places = places(id);

        wasHandedOver(ended(id, start(id, 30 * SECOND, leaving)));

        Map<String, String> after = attempts(id);
        assertThat(after.keySet()).allSatisfy(task -> {
            if (places.get(task).equals(leaving)) {
                assertThat(after.get(task)).isNotEqualTo(before.get(task));
            } else {
                assertThat(after.get(task)).isEqualTo(before.get(task));
            }
        });
        assertThat(places(id).values()).doesNotContain(leaving);
        cluster.outcome(id);
        assertThat(job.missing()).isZero();
    }

    /** Its TaskManager has a free slot more, which the ResourceManager might give. */
    @Test
    void slotsThatGoAreNotUsedAndThoseThatStayComeBack() throws Exception {
        NumbersJob job = new NumbersJob("lonely-").records(30_000).parallelism(1);
        JobID id = submitted(job.graph(), 3);

        for (int i = 0; i < 4; i++) {
            ResourceID leaving = anyUsed(id);
            wasHandedOver(ended(id, start(id, 30 * SECOND, leaving)));
            assertThat(places(id).values()).doesNotContain(leaving);
        }
        TimeUnit.MILLISECONDS.sleep(SECOND); // nothing is leaving any more
        NumbersJob others = new NumbersJob("others-").records(700).parallelism(7);
        assertThat(cluster.run(others.graph()).status()).isEqualTo(JobStatus.FINISHED);

        cluster.miniCluster().cancelJob(id).get();
        assertThat(others.missing()).isZero();
    }

    @Test
    void twoMovesAtOnceAreMadeOneAfterTheOther() throws Exception {
        NumbersJob job = new NumbersJob().records(30_000);
        JobID id = submitted(job.graph(), 9);
        List<ResourceID> used = places(id).values().stream().distinct().toList();

        String first = start(id, 30 * SECOND, 600 * SECOND, used.get(0));
        String second = start(id, 30 * SECOND, 600 * SECOND, used.get(used.size() - 1));

        wasHandedOver(ended(id, first));
        Map<String, Serializable> after = ended(id, second);
        assertThat(after).containsEntry("state", "COMPLETED");
        assertThat(places(id).values()).doesNotContain(used.get(0), used.get(used.size() - 1));
        Outcome outcome = cluster.outcome(id);
        assertThat(job.missing()).isZero();
        assertNothingWasLost(outcome);
    }

    /** Tasks do not stop behind the barrier of a savepoint, and no savepoint is given up for a move. */
    @Test
    void savepointsAreTakenMeanwhile(@TempDir Path directory) throws Exception {
        NumbersJob job = new NumbersJob().records(60_000);
        JobID id = submitted(job.graph(), 9);

        for (int i = 0; i < 4; i++) {
            String move = start(id, 30 * SECOND, anyUsed(id));
            TimeUnit.MILLISECONDS.sleep(random.nextInt(60));
            CompletableFuture<String> savepoint = cluster.miniCluster()
                    .triggerSavepoint(id, directory.toString(), false, SavepointFormatType.CANONICAL);
            Map<String, Serializable> moved = ended(id, move);
            assertThat(moved).containsEntry("step", "handover").containsEntry("state", "COMPLETED");
            savepoint.handle((path, failure) -> path).get(); // a task that moves declines it, as one that restarts does
        }
        Outcome outcome = cluster.outcome(id);

        assertThat(job.missing()).isZero();
        assertNothingWasLost(outcome);
    }

    @Test
    void jobThatIsStoppedWithASavepointIsNotMoved(@TempDir Path directory) throws Exception {
        NumbersJob job = new NumbersJob().records(30_000);
        JobID id = submitted(job.graph(), 9);
        String move = start(id, 30 * SECOND, anyUsed(id));

        String savepoint = cluster.stopWithSavepoint(id, directory.toString());

        assertThat(cluster.outcome(id).status()).isEqualTo(JobStatus.FINISHED);
        assertThat(move).isNotEmpty();
        assertThat(cluster.outcome(cluster.submit(job.graph(), savepoint)).status())
                .isEqualTo(JobStatus.FINISHED);
        assertThat(job.missing()).isZero();
    }

    @Test
    void jobThatDoesNotWantToBeMovedIsNot() throws Exception {
        JobGraph graph = new NumbersJob().records(3_000).graph();
        graph.getJobConfiguration().set(HoldfastOptions.MOVE_ENABLED, false);
        JobID id = submitted(graph, 9);

        Map<String, Serializable> move = ended(id, start(id, 30 * SECOND, anyUsed(id)));

        assertThat(move).containsEntry("state", "FAILED");
        assertThat((String) move.get("detail")).contains("holdfast.move.enabled");
        assertThat(cluster.outcome(id).incidents()).isEmpty();
    }

    @Test
    void moveWithoutSlotsChangesNothing() throws Exception {
        NumbersJob job = new NumbersJob().records(40_000).parallelism(8);
        JobID id = submitted(job.graph(), 24);
        Map<String, String> before = attempts(id);

        Map<String, Serializable> move = ended(id, start(id, 2 * SECOND, anyUsed(id)));

        assertThat(move).containsEntry("state", "FAILED");
        assertThat((String) move.get("detail")).contains("no slots for").contains("Add TaskManagers");
        assertThat(attempts(id)).isEqualTo(before);
        Outcome outcome = cluster.outcome(id);
        assertThat(outcome.incidents()).isEmpty();
        assertThat(job.missing()).isZero();
    }

    @Test
    void cancelledMoveLeavesNoTrace() throws Exception {
        NumbersJob job = new NumbersJob().records(40_000);
        JobID id = submitted(job.graph(), 9);
        int cancelled = 0;

        while (isRunning(id) && cancelled < 15) {
            String move = start(id, 30 * SECOND, anyUsed(id));
            TimeUnit.MILLISECONDS.sleep(random.nextInt(120)); // wherever it is then
            boolean tooLate = ask(id, MoveRequest.cancel(move)).tooLate();
            Map<String, Serializable> view = ended(id, move);
            if (!view.isEmpty()) {
                assertThat(view.get("state")).isEqualTo(tooLate ? "COMPLETED" : "CANCELLED");
                cancelled += tooLate ? 0 : 1;
            }
        }
        Outcome outcome = cluster.outcome(id);

        assertThat(cancelled).isGreaterThan(3);
        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(job.missing()).isZero();
        assertNothingWasLost(outcome);
    }

    @Test
    void moveGoesOnUntilTheLastWhoWantsItHasWithdrawn() throws Exception {
        NumbersJob job = new NumbersJob().records(40_000).parallelism(8); // no slots: it waits for them
        JobID id = submitted(job.graph(), 24);
        ResourceID leaving = anyUsed(id);
        long now = System.currentTimeMillis();
        String move = start(id, 60 * SECOND, leaving);
        ask(
                id,
                MoveRequest.start(move, List.of(leaving), "drain", now + 30 * SECOND, now + 600 * SECOND, false)
                        .requestedBy("guard"));
        assertThat(view(id, move)).containsEntry("deadlineAt", now + 30 * SECOND);

        MoveResponse withdrawn = ask(id, MoveRequest.cancel(move).requestedBy("guard"));
        assertThat(withdrawn.tooLate()).isFalse();
        assertThat(withdrawn.views().get(0))
                .containsEntry("state", "RESERVING")
                .containsEntry("requesters", new ArrayList<>(List.of(MoveRequest.ANONYMOUS)));
        assertThat((Long) view(id, move).get("deadlineAt")).isGreaterThanOrEqualTo(now + 60 * SECOND);
        assertThat(ask(id, MoveRequest.cancel(move).requestedBy("guard"))
                        .views()
                        .get(0))
                .as("nobody else is affected by who does not want it anyway")
                .containsEntry("state", "RESERVING");

        ask(id, MoveRequest.cancel(move).requestedBy(MoveRequest.ANONYMOUS));

        assertThat(view(id, move)).containsEntry("state", "CANCELLED");
        assertThat(leaving(id)).isEmpty();
        cluster.miniCluster().cancelJob(id).get();
    }

    @Test
    void operatorCancelsForAll() throws Exception {
        NumbersJob job = new NumbersJob().records(40_000).parallelism(8);
        JobID id = submitted(job.graph(), 24);
        ResourceID leaving = anyUsed(id);
        long now = System.currentTimeMillis();
        String move = start(id, 60 * SECOND, leaving);
        ask(
                id,
                MoveRequest.start(move, List.of(leaving), "drain", now + 30 * SECOND, now + 600 * SECOND, false)
                        .requestedBy("guard"));

        ask(id, MoveRequest.cancel(move));

        assertThat(view(id, move)).containsEntry("state", "CANCELLED");
        assertThat(leaving(id)).isEmpty();
        cluster.miniCluster().cancelJob(id).get();
    }

    @Test
    void cancelledMoveTakesBackWhatTheSameOneHadAskedForInVain() throws Exception {
        NumbersJob job = new NumbersJob().records(40_000).parallelism(8);
        JobID id = submitted(job.graph(), 24);
        ResourceID leaving = anyUsed(id);
        ended(id, startUntil(id, 2 * SECOND, leaving));
        String second = startUntil(id, 60 * SECOND, leaving);
        assertThat(leaving(id)).hasSize(1);

        ask(id, MoveRequest.cancel(second).requestedBy(MoveRequest.ANONYMOUS));

        assertThat(leaving(id)).isEmpty();
        cluster.miniCluster().cancelJob(id).get();
    }

    @Test
    void moveThatHadNothingToMoveCanBeCancelledWithTheRestOfIt() throws Exception {
        NumbersJob job = new NumbersJob().records(40_000);
        JobID id = submitted(job.graph(), 9);
        ResourceID unused = new ResourceID("none-of-this-job");
        String move = startUntil(id, 30 * SECOND, unused);
        assertThat(ended(id, move)).containsEntry("state", "COMPLETED");
        assertThat(leaving(id)).hasSize(1);

        assertThat(ask(id, MoveRequest.cancel(move)).tooLate()).isFalse();

        assertThat(leaving(id)).isEmpty();
        cluster.miniCluster().cancelJob(id).get();
    }

    /** They leave long after the deadline. */
    private String startUntil(JobID job, long timeoutMs, ResourceID taskManager) throws Exception {
        String id = UUID.randomUUID().toString().replace("-", "");
        long now = System.currentTimeMillis();
        ask(job, MoveRequest.start(id, List.of(taskManager), "test", now + timeoutMs, now + 600 * SECOND, false));
        return id;
    }

    /** All slots of the cluster are needed by the second job, those that were left included. */
    @Test
    void taskManagerThatStaysAfterItsMoveIsUsedAgain() throws Exception {
        NumbersJob job = new NumbersJob("lonely-").records(60_000).parallelism(1);
        JobID id = submitted(job.graph(), 3);
        ResourceID leaving = anyUsed(id);
        long now = System.currentTimeMillis();
        String move = UUID.randomUUID().toString().replace("-", "");
        for (String requester : List.of("guard", "sidecar")) {
            ask(
                    id,
                    MoveRequest.start(move, List.of(leaving), "x", now + 30 * SECOND, now + 600 * SECOND, false)
                            .requestedBy(requester));
        }
        boolean tooEarly = ask(id, MoveRequest.stay(leaving)).tooLate();
        wasHandedOver(ended(id, move));
        NumbersJob others = new NumbersJob("others-").records(700).parallelism(7);
        JobID second = cluster.submit(others.graph());

        assertThat(tooEarly).as("while the move goes on").isTrue();
        assertThat(ask(id, MoveRequest.stay(leaving).requestedBy("guard")).views())
                .hasSize(1);
        assertThat(leaving(id))
                .as("the sidecar wants it still")
                .singleElement()
                .satisfies(one -> assertThat(one).containsEntry("requesters", new ArrayList<>(List.of("sidecar"))));
        assertThat(cluster.tasks(second, ExecutionState.RUNNING)).isLessThan(21);
        assertThat(ask(id, MoveRequest.stay(leaving).requestedBy("sidecar")).views())
                .hasSize(1);
        assertThat(leaving(id)).isEmpty();
        assertThat(ask(id, MoveRequest.stay(leaving)).views()).as("not leaving").isEmpty();

        assertThat(cluster.outcome(second).status()).isEqualTo(JobStatus.FINISHED);
        assertThat(others.missing()).isZero();
        cluster.miniCluster().cancelJob(id).get();
    }

    @SuppressWarnings("unchecked") // views are made of lists of maps with texts as keys
    private List<Map<String, Serializable>> leaving(JobID job) throws Exception {
        return (List<Map<String, Serializable>>)
                ask(job, MoveRequest.leaving()).views().get(0).get("leaving");
    }

    private Map<String, Serializable> view(JobID job, String move) throws Exception {
        return ask(job, MoveRequest.get(move)).views().get(0);
    }

    @Test
    void deadlineThatIsTooNearDegradesAndSaysSo() throws Exception {
        NumbersJob job = new NumbersJob().records(20_000);
        JobID id = submitted(job.graph(), 9);

        Map<String, Serializable> move = ended(id, start(id, 1, anyUsed(id)));

        assertThat(move).containsEntry("step", "restart");
        assertThat((List<?>) move.get("degradations")).hasSize(2);
        Outcome outcome = cluster.outcome(id);
        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(job.missing()).isEqualTo(outcome.missing());
    }

    private Outcome runMoving(JobShape shape) throws Exception {
        Stage.slow(10); // it would take 600 ms
        JobID id = submitted(shape.graph(), 1);
        Map<String, Serializable> move = ended(id, start(id, 30 * SECOND, anyUsed(id)));
        Stage.slow(1);
        wasHandedOver(move);
        Outcome outcome = cluster.outcome(id);
        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        return outcome;
    }

    private static void wasHandedOver(Map<String, Serializable> move) {
        assertThat(move)
                .containsEntry("state", "COMPLETED")
                .containsEntry("step", "handover")
                .containsEntry("detail", "");
        assertThat((List<?>) move.get("subtasks")).isNotEmpty();
        assertThat((Long) move.get("checkpoint")).isPositive();
    }

    private static void assertNothingWasLost(Outcome outcome) {
        assertThat(outcome.fallbacks()).isEmpty();
        assertThat(outcome.incidents())
                .allSatisfy(incident -> assertThat(incident)
                        .containsEntry("kind", "move")
                        .satisfies(
                                each -> assertThat((List<?>) each.get("edges")).isEmpty()));
        assertThat(outcome.missing()).isZero();
        assertThat(outcome.allClosedAndExact()).as("%s", outcome.ledger()).isTrue();
    }

    // ------------------------------------------------------------------ the cluster

    /** {@code tasks} run, and a checkpoint was taken. */
    private JobID submitted(JobGraph graph, int tasks) throws Exception {
        JobID id = cluster.submit(graph);
        Waiting.until(() -> cluster.tasks(id, ExecutionState.RUNNING) >= tasks);
        return id;
    }

    private boolean isRunning(JobID job) {
        return cluster.miniCluster().getJobStatus(job).join() == JobStatus.RUNNING;
    }

    private ResourceID anyUsed(JobID job) {
        List<ResourceID> used = List.copyOf(places(job).values());
        return used.get(random.nextInt(used.size()));
    }

    private Map<String, ResourceID> places(JobID job) {
        Map<String, ResourceID> places = new HashMap<>();
        for (AccessExecutionVertex task : tasks(job)) {
            if (task.getCurrentAssignedResourceLocation() != null) {
                places.put(
                        task.getTaskNameWithSubtaskIndex(),
                        task.getCurrentAssignedResourceLocation().getResourceID());
            }
        }
        return places;
    }

    private Map<String, String> attempts(JobID job) {
        Map<String, String> attempts = new HashMap<>();
        for (AccessExecutionVertex task : tasks(job)) {
            attempts.put(
                    task.getTaskNameWithSubtaskIndex(),
                    task.getCurrentExecutionAttempt().getAttemptId().toString());
        }
        return attempts;
    }

    private Iterable<? extends AccessExecutionVertex> tasks(JobID job) {
        return cluster.miniCluster().getExecutionGraph(job).join().getAllExecutionVertices();
    }

    private String start(JobID job, long timeoutMs, ResourceID taskManager) throws Exception {
        return start(job, timeoutMs, SECOND, taskManager);
    }

    private String start(JobID job, long timeoutMs, long leavingMs, ResourceID taskManager) throws Exception {
        String id = UUID.randomUUID().toString().replace("-", "");
        long now = System.currentTimeMillis();
        ask(job, MoveRequest.start(id, List.of(taskManager), "test", now + timeoutMs, now + leavingMs, false));
        return id;
    }

    private Map<String, Serializable> ended(JobID job, String move) throws Exception {
        while (true) {
            Map<String, Serializable> view;
            try {
                view = ask(job, MoveRequest.get(move)).views().get(0);
            } catch (ExecutionException e) {
                if (isRunning(job)) {
                    throw e;
                }
                return Map.of(); // the job has ended, and nobody knows of its moves any more
            }
            if (List.of("COMPLETED", "CANCELLED", "FAILED").contains(view.get("state"))) {
                return view;
            }
            Waiting.pause();
        }
    }

    private MoveResponse ask(JobID job, CoordinationRequest request) throws Exception {
        return (MoveResponse) cluster.miniCluster()
                .deliverCoordinationRequestToCoordinator(job, MoveRequest.OPERATOR, new SerializedValue<>(request))
                .get();
    }
}
