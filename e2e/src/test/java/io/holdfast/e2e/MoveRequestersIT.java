package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.holdfast.guard.Drain;
import io.holdfast.guard.FakeApiServer;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.FlinkProcess;
import io.holdfast.testing.FreePort;
import io.holdfast.testing.Moves.Move;
import io.holdfast.testing.quarkus.ProgramProcess;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The migration sidecar and the eviction guard, each in a process of its own, ask a real JobManager to move the tasks of a
 * real TaskManager. Only the API server is played. A gate in the job keeps each move from ending before the test has looked.
 */
class MoveRequestersIT extends MovingCluster {

    private static final int KILLED_BY_SIGTERM = 143;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<ProgramProcess> processes = new ArrayList<>();

    MoveRequestersIT() {
        super(Installation.MINORS.get(0));
    }

    @AfterEach
    void endAll() {
        processes.forEach(ProgramProcess::close);
    }

    @Test
    void hookOfTheSidecarIsAnsweredWhenTheTasksHaveLeft() {
        prove("preStop hook", () -> {
            List<String> used = used();
            ProgramProcess sidecar = sidecar(used.get(0));
            String gate = snapshotOf(used.get(1));
            job().run().gates().close(gate);

            CompletableFuture<HttpResponse<String>> hook = drain(sidecar);
            String move = awaitMoveFrom(used.get(0));
            awaitCheckpointWithout(gate, move);
            assertThat(hook).isNotDone();
            letGo();

            assertMoved(hook.get());
            assertLeft(move, used.get(0));
            return Cost.NONE;
        });
    }

    @Test
    void signalToTheSidecarIsHeldUntilTheTasksHaveLeft() {
        prove("SIGTERM", () -> {
            List<String> used = used();
            ProgramProcess sidecar = sidecar(used.get(0));
            String gate = snapshotOf(used.get(1));
            job().run().gates().close(gate);

            sidecar.terminate();
            String move = awaitMoveFrom(used.get(0));
            awaitCheckpointWithout(gate, move);
            assertThat(sidecar.alive()).isTrue();
            letGo();

            assertThat(sidecar.exitCode()).as("%s", sidecar).isEqualTo(KILLED_BY_SIGTERM);
            assertThat(sidecar.out()).contains("End let go: cause=signal outcome=moved");
            assertLeft(move, used.get(0));
            return Cost.NONE;
        });
    }

    /** The sidecar in the pod hears of it too, and joins the move: it has less time than the guard. */
    @Test
    void evictionIsHeldWhileTheTasksAreMovedAndThenAllowed() {
        prove("eviction", () -> {
            List<String> used = used();
            String leaving = used.get(0);
            try (FakeApiServer server = new FakeApiServer()) {
                guard(server);
                Drain drain = new Drain(server);
                ProgramProcess sidecar = sidecar(leaving);
                String gate = snapshotOf(used.get(1));
                job().run().gates().close(gate);
                Eventually.until( // a checkpoint that takes longer than the sidecar's budget
                        PATIENCE,
                        () -> assertThat(job().run().gates().waiting(gate)).isNotEmpty());

                assertThat(drain.evict(leaving).status()).isEqualTo(429);
                String move = awaitMoveFrom(leaving);
                CompletableFuture<HttpResponse<String>> hook = drain(sidecar);
                awaitState(move, "CHECKPOINTING");
                awaitCheckpointWithout(gate, move);
                Drain.Answered again = drain.evict(leaving);
                assertThat(again.status()).as(again.message()).isEqualTo(429);
                assertThat(drain.evict(used.get(1)).message()).contains("waits until others");
                assertThat(hook).isNotDone();
                letGo();

                assertMoved(hook.get());
                Eventually.until(
                        PATIENCE,
                        () -> assertThat(drain.evict(leaving).status()).isEqualTo(201));
                assertThat(server.get(FakeApiServer.pods(leaving)).isMissingNode())
                        .isTrue();
                assertThat(movesFrom(leaving)).hasSize(1);
                assertLeft(move, leaving);
            }
            return Cost.NONE;
        });
    }

    // ------------------------------------------------------------------ who asks

    private ProgramProcess sidecar(String taskManager) {
        int port = FreePort.any();
        return started(
                "sidecar",
                port,
                Map.of(
                        "HOLDFAST_MIGRATION_JOBMANAGER_URL",
                        flink().restAddress().toString(),
                        "HOLDFAST_MIGRATION_TASKMANAGER_ID",
                        taskManager,
                        "HOLDFAST_MIGRATION_KUBERNETES",
                        "off",
                        "HOLDFAST_MIGRATION_LISTEN",
                        "127.0.0.1:" + port,
                        "HOLDFAST_MIGRATION_TERMINATION_MESSAGE_FILE",
                        lastWords()));
    }

    private void guard(FakeApiServer server) throws IOException {
        for (FlinkProcess taskManager : flink().taskManagers()) {
            if (taskManager.isAlive()) {
                server.pod(taskManager.name(), flink().restAddress());
            }
        }
        server.register("Fail"); // whatever is not an answer shows
        int port = FreePort.any();
        int statusPort = FreePort.any();
        started(
                "eviction-guard",
                statusPort,
                Map.of(
                        "KUBECONFIG",
                        server.kubeconfig(directory().resolve("kubeconfig")).toString(),
                        "HOLDFAST_EVICTION_GUARD_LISTEN",
                        "127.0.0.1:" + port,
                        "HOLDFAST_EVICTION_GUARD_STATUS_LISTEN",
                        "127.0.0.1:" + statusPort,
                        "HOLDFAST_EVICTION_GUARD_TERMINATION_MESSAGE_FILE",
                        lastWords()));
        server.endpoints(port);
    }

    private String lastWords() {
        return directory().resolve("last-words").toString();
    }

    private ProgramProcess started(String module, int port, Map<String, String> variables) {
        ProgramProcess process = ProgramProcess.start(
                Installation.checkout().resolve("migration-sidecar").resolve(module), directory(), port, variables);
        processes.add(process);
        Eventually.until(
                PATIENCE,
                () -> assertThat(process.request("GET", "/q/health/ready").statusCode())
                        .as("%s", process)
                        .isEqualTo(200));
        return process;
    }

    private static CompletableFuture<HttpResponse<String>> drain(ProgramProcess sidecar) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return sidecar.request("POST", "/drain");
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        });
    }

    private static void assertMoved(HttpResponse<String> answer) throws IOException {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        JsonNode said = JSON.readTree(answer.body());
        assertThat(said.path("outcome").asText()).as(answer.body()).isEqualTo("moved");
        assertThat(said.path("subtasks").asInt()).isEqualTo(OPERATORS.size());
    }

    // ------------------------------------------------------------------ what the JobManager does

    /** Of tasks: who asks when they have left is told at once that none is there. */
    private List<Move> movesFrom(String taskManager) {
        return moves().all().stream()
                .filter(move -> move.json().path("taskmanagers").toString().contains('"' + taskManager + '"')
                        && !move.json().path("jobs").isEmpty())
                .toList();
    }

    private String awaitMoveFrom(String taskManager) {
        return Eventually.value(PATIENCE, () -> {
            List<Move> asked = movesFrom(taskManager);
            assertThat(asked).hasSize(1);
            return asked.get(0).id();
        });
    }

    private void assertLeft(String move, String taskManager) {
        assertHandedOver(moves().find(move).orElseThrow(), taskManager);
        goAway(taskManager);
    }
}
