package io.holdfast.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.holdfast.benchmarks.Fault.Kind;
import io.holdfast.benchmarks.Fault.Target;
import io.holdfast.benchmarks.Ledger.Edge;
import io.holdfast.benchmarks.job.ArrivalFiles;
import io.holdfast.benchmarks.job.JobSettings.SinkKind;
import io.holdfast.testing.Moves;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RoundResultTest {

    private static final Ledger NOTHING = ledger(0, 0, List.of(), List.of());
    private static final Oracle.Verdict EXACT = verdict(0, 0, 0);
    private static final Oracle.Verdict UNCOUNTED = new Oracle.Verdict(1_000, 0, 0, 0, 0, 2, 0, 0, 10, List.of());

    @Test
    void anExactRunIsGood() {
        assertThat(problems(Kind.MAP_FAILURE, "FINISHED", List.of("RUNNING", "FINISHED"), EXACT, NOTHING))
                .isEmpty();
    }

    @Test
    void aLossThatTheLedgerKnowsIsGood() {
        Ledger ledger = ledger(
                7,
                2,
                List.of(new Edge(1, "Source: numbers", 0, "map", 1, 7, 0), new Edge(1, "map", 0, "sink", 1, 0, 2)),
                List.of());

        assertThat(problems(Kind.MAP_FAILURE, "FINISHED", List.of("RUNNING"), verdict(5, 0, 7), ledger))
                .isEmpty();
    }

    @Test
    void aLossThatTheLedgerDoesNotKnowIsNot() {
        assertThat(problems(Kind.MAP_FAILURE, "FINISHED", List.of("RUNNING"), verdict(5, 0, 0), NOTHING))
                .singleElement()
                .asString()
                .contains("lacks 5 records net");
    }

    @Test
    void aStateThatLacksMoreThanTheLedgerSaysIsNot() {
        assertThat(problems(Kind.MAP_FAILURE, "FINISHED", List.of("RUNNING"), verdict(0, 0, 3), NOTHING))
                .singleElement()
                .asString()
                .contains("state lacks 3 records net");
    }

    @Test
    void aRestartOfTheJobNeedsAFallbackInTheLedger() {
        List<String> states = List.of("RUNNING", "RESTARTING", "RUNNING", "FINISHED");

        assertThat(problems(Kind.MAP_FAILURE, "FINISHED", states, EXACT, NOTHING))
                .hasSize(1);
        assertThat(problems(
                        Kind.MAP_FAILURE,
                        "FINISHED",
                        states,
                        EXACT,
                        ledger(0, 0, List.of(), List.of("holdfast.restart.max-failures is 10"))))
                .isEmpty();
    }

    @Test
    void repetitionNeedsASourceThatFailed() {
        Ledger ledger = ledger(0, 2, List.of(new Edge(1, "Source: numbers", 0, "map", 1, 0, 2)), List.of());

        assertThat(problems(Kind.SOURCE_FAILURE, "FINISHED", List.of("RUNNING"), verdict(0, 2, -2), ledger))
                .isEmpty();
        assertThat(problems(Kind.SINK_FAILURE, "FINISHED", List.of("RUNNING"), verdict(0, 2, -2), ledger))
                .hasSize(1);
    }

    @Test
    void aJobThatDoesNotFinishIsTheOnlyProblem() {
        assertThat(problems(Kind.MAP_FAILURE, "RUNNING", List.of("RUNNING"), verdict(500, 0, 500), NOTHING))
                .containsExactly("the job is RUNNING, not FINISHED");
    }

    @Test
    void movesAloneMustCostNothing() {
        assertThat(afterMove(Kind.MOVE, "COMPLETED", "handover", "", EXACT)).isEmpty();
        assertThat(afterMove(Kind.MOVE_CANCEL, "CANCELLED", "handover", "", EXACT))
                .isEmpty();
        assertThat(afterMove(Kind.MOVE_HURRIED, "COMPLETED", "restart", "", verdict(0, 0, 0)))
                .isEmpty();
        assertThat(afterMove(Kind.MOVE, "COMPLETED", "handover", "", UNCOUNTED))
                .singleElement()
                .asString()
                .contains("left 2 uncounted");
    }

    @Test
    void moveThatHasTimeMustBeAHandover() {
        assertThat(afterMove(Kind.MOVE, "COMPLETED", "checkpoint-and-restart", "", EXACT))
                .singleElement()
                .asString()
                .contains("did not go as it should");
        assertThat(afterMove(Kind.MOVE, "FAILED", "handover", "unforeseen", EXACT))
                .hasSize(1);
        assertThat(afterMove(Kind.MOVE, "CANCELLED", "handover", "", EXACT)).hasSize(1);
    }

    @Test
    void moveMayWaitInVainWhileAnotherTaskManagerLeaves() {
        FaultInjector.Asked first = asked("tm-1", "COMPLETED", 1_000, 7_000);
        FaultInjector.Asked crowded = asked("tm-2", "FAILED", 6_000, 12_000);
        FaultInjector.Asked alone = asked("tm-2", "FAILED", 7_001, 13_000);

        assertThat(afterMoves(List.of(first, crowded))).isEmpty();
        assertThat(afterMoves(List.of(first, alone))).hasSize(1);
    }

    private static FaultInjector.Asked asked(String taskManager, String state, long createdAt, long deadlineAt) {
        Fault fault = new Fault(Kind.MOVE, 0, List.of(new Target("map", 0)), 9_000);
        JsonNode times = JsonNodeFactory.instance
                .objectNode()
                .put("createdAt", createdAt)
                .put("deadlineAt", deadlineAt);
        return new FaultInjector.Asked(
                fault, taskManager, new Moves.Move(taskManager, state, "", "handover", List.of(), List.of(), times));
    }

    private static List<String> afterMoves(List<FaultInjector.Asked> moves) {
        return problems(Kind.MOVE, "FINISHED", List.of("RUNNING"), EXACT, NOTHING, moves);
    }

    @Test
    void everyMoveMustEnd() {
        assertThat(afterMove(Kind.MOVE_KILL, "CHECKPOINTING", "handover", "", EXACT))
                .singleElement()
                .asString()
                .contains("did not end");
        assertThat(afterMove(Kind.MOVE_KILL, "FAILED", "handover", "the tasks were restarted", EXACT))
                .isEmpty();
    }

    private static List<String> afterMove(Kind kind, String state, String step, String detail, Oracle.Verdict verdict) {
        Fault fault = new Fault(kind, 0, List.of(new Target("map", 0)), 9_000);
        Moves.Move move =
                new Moves.Move("m", state, detail, step, List.of(), List.of(), JsonNodeFactory.instance.objectNode());
        return problems(
                kind,
                "FINISHED",
                List.of("RUNNING"),
                verdict,
                NOTHING,
                List.of(new FaultInjector.Asked(fault, "tm-1", move)));
    }

    private static List<String> problems(
            Kind kind, String state, List<String> states, Oracle.Verdict verdict, Ledger ledger) {
        return problems(kind, state, states, verdict, ledger, List.of());
    }

    private static List<String> problems(
            Kind kind,
            String state,
            List<String> states,
            Oracle.Verdict verdict,
            Ledger ledger,
            List<FaultInjector.Asked> moves) {
        Fault fault = new Fault(kind, 0, List.of(new Target(operator(kind), 0)), 0);
        Round round = new Round(1, 30, 4, 100, 0, 8, SinkKind.FILE, false, 100, false, List.of(fault));
        Observation seen = new Observation(
                state,
                states,
                List.of(),
                moves,
                Map.of(),
                new ArrivalFiles.Output(List.of(), List.of()),
                List.of(),
                ledger,
                10);
        return RoundResult.problems(round, Engine.HOLDFAST, seen, verdict);
    }

    private static String operator(Kind kind) {
        return switch (kind) {
            case SOURCE_FAILURE -> "source";
            case SINK_FAILURE -> "sink";
            default -> "map";
        };
    }

    private static Oracle.Verdict verdict(long lost, long repeated, long missingInState) {
        return new Oracle.Verdict(1_000, lost, repeated, 0, 0, 0, missingInState, 0, 10, List.of());
    }

    private static Ledger ledger(long lost, long delivered, List<Edge> edges, List<String> fallbacks) {
        return new Ledger(true, 1, 0, 0, 1, lost, delivered, edges, fallbacks);
    }
}
