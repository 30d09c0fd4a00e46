package io.holdfast.benchmarks;

import io.holdfast.benchmarks.Fault.Kind;
import io.holdfast.benchmarks.FaultInjector.Asked;
import io.holdfast.testing.Moves.Move;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What came of a round: what its output shows, compared with what Holdfast says.
 *
 * @param problems what must not be; empty if all is well
 */
record RoundResult(Round round, Observation seen, Oracle.Verdict verdict, List<String> problems) {

    static RoundResult of(Round round, Engine engine, Observation seen) {
        Oracle oracle = new Oracle(round.parallelism(), round.recordsPerSplit(), round.keys());
        Oracle.Verdict verdict = oracle.judge(seen.output());
        return new RoundResult(round, seen, verdict, problems(round, engine, seen, verdict));
    }

    boolean good() {
        return problems.isEmpty();
    }

    /** One line. */
    String line() {
        return String.format(
                Locale.ROOT,
                "round %2d %s: %s, %d faults, %d restarts, %d incidents, lost-repeated %d/%d (ledger/output), lost %d,"
                        + " repeated %d, uncounted %d, gap %d ms, %d checkpoints, %d fallbacks, %d of %d moves handed over",
                round.number(),
                good() ? "good" : "BAD ",
                seen.state(),
                round.faults().size(),
                seen.restarts(),
                seen.ledger().incidents(),
                seen.ledger().netLost(),
                verdict.netLost(),
                verdict.lost(),
                verdict.repeated(),
                verdict.uncounted(),
                verdict.gapMillis(),
                seen.checkpoints(),
                seen.ledger().fallbacks().size(),
                seen.moves().stream()
                        .filter(asked -> asked.last().isHandedOver())
                        .count(),
                seen.moves().size());
    }

    static List<String> problems(Round round, Engine engine, Observation seen, Oracle.Verdict verdict) {
        Ledger ledger = seen.ledger();
        List<String> problems = new ArrayList<>();
        if (!seen.state().equals("FINISHED")) {
            problems.add("the job is " + seen.state() + ", not FINISHED");
            return problems; // its output is not complete, so nothing else can be said
        }
        if (engine == Engine.HOLDFAST && !ledger.managed()) {
            problems.add("Holdfast does not manage the job: " + ledger.fallbacks());
        }
        boolean allRestarted = engine == Engine.STOCK || !ledger.fallbacks().isEmpty();
        if (!allRestarted && !seen.unusualStates().isEmpty()) {
            problems.add("the job was " + seen.unusualStates() + " and no fallback is in the ledger");
        }
        if (!allRestarted && !seen.restartedOthers().isEmpty()) {
            problems.add("restarted although no fault hit them: " + seen.restartedOthers());
        }
        problems.addAll(seen.damages());
        if (verdict.unexpected() != 0) {
            problems.add(verdict.unexpected() + " records arrived that nobody sent");
        }
        if (verdict.reordered() != 0) {
            problems.add(verdict.reordered() + " records overtook others of their key");
        }
        if (verdict.netLost() != ledger.netLost()) {
            problems.add(
                    "the output lacks %d records net (%d lost, %d repeated), the ledger says %d (%d lost, %d delivered)"
                            .formatted(
                                    verdict.netLost(),
                                    verdict.lost(),
                                    verdict.repeated(),
                                    ledger.netLost(),
                                    ledger.lostRecords(),
                                    ledger.deliveredRecords()));
        }
        if (verdict.silentKeys() != 0) {
            problems.add(verdict.silentKeys() + " keys never arrived, so the state cannot be judged");
        } else {
            problems.addAll(wrongEdges(round, verdict, ledger));
        }
        problems.addAll(wrongMoves(round, seen, verdict));
        if (!round.hits("source")
                && seen.moves().stream().allMatch(RoundResult::isWithoutCost)
                && verdict.repeated() != 0
                && ledger.fallbacks().isEmpty()) {
            problems.add(verdict.repeated() + " records were repeated although no source failed");
        }
        if (ledger.open() != 0) {
            problems.add(ledger.open() + " incidents are still open");
        }
        return problems;
    }

    /** Whether nobody can see in the records that a move was asked for. */
    private static boolean isWithoutCost(Asked asked) {
        Move move = asked.last();
        boolean undone = move.state().equals("CANCELLED") || move.state().equals("FAILED");
        return move.isHandedOver()
                || undone && move.reachedAt("SWITCHING") == 0 && asked.fault().kind() != Kind.EVICTION;
    }

    /** Who joins a move can cancel and hurry it, too. */
    private static boolean isJoinedBy(Kind kind, Asked asked, List<Asked> all) {
        return all.stream()
                .anyMatch(other -> other.fault().kind() == kind
                        && other.last().id().equals(asked.last().id()));
    }

    /** Whether it may have to wait for slots: there is one TaskManager to spare, and another one leaves meanwhile. */
    private static boolean lacksSlots(Asked asked, List<Asked> all) {
        return all.stream()
                .anyMatch(other -> !other.taskManager().equals(asked.taskManager())
                        && other.last().createdAt() <= asked.last().deadlineAt()
                        && asked.last().createdAt() <= other.last().deadlineAt());
    }

    /** What a move must not do, whatever else was done to the job; and what moves alone must not. */
    private static List<String> wrongMoves(Round round, Observation seen, Oracle.Verdict verdict) {
        List<String> wrong = new ArrayList<>();
        for (Asked asked : seen.moves()) {
            if (!asked.last().hasEnded()) {
                wrong.add("the move off %s did not end: %s"
                        .formatted(asked.taskManager(), asked.last().json()));
            }
        }
        boolean onlyMoves =
                round.faults().stream().noneMatch(fault -> fault.kind().losesTasks());
        if (!onlyMoves) {
            return wrong;
        }
        for (Asked asked : seen.moves()) {
            Move move = asked.last();
            boolean cancelled = move.state().equals("CANCELLED") && isJoinedBy(Kind.MOVE_CANCEL, asked, seen.moves());
            boolean pressed = isJoinedBy(Kind.MOVE_HURRIED, asked, seen.moves()) || lacksSlots(asked, seen.moves());
            if (!move.isHandedOver() && !cancelled && !pressed) {
                wrong.add("the move off %s did not go as it should: %s".formatted(asked.taskManager(), move.json()));
            }
        }
        if (seen.moves().stream().allMatch(RoundResult::isWithoutCost)
                && (verdict.lost() != 0 || verdict.repeated() != 0 || verdict.uncounted() != 0)) {
            wrong.add("moves alone lost %d records, repeated %d, and left %d uncounted"
                    .formatted(verdict.lost(), verdict.repeated(), verdict.uncounted()));
        }
        return wrong;
    }

    /**
     * What the state of a map subtask lacks was lost on its way in. What its keys' output lacks besides was lost on its
     * way out, which is one edge of the graph unless there is a middle operator.
     */
    private static List<String> wrongEdges(Round round, Oracle.Verdict verdict, Ledger ledger) {
        List<String> wrong = new ArrayList<>();
        if (verdict.missingInState() != ledger.netLostInto("map")) {
            wrong.add("the map's state lacks %d records net, the ledger says %d"
                    .formatted(verdict.missingInState(), ledger.netLostInto("map")));
        }
        for (Oracle.Lane lane : verdict.lanes()) {
            long in = ledger.netLostInto("map", lane.mapSubtask());
            if (lane.missingInState() != in) {
                wrong.add("into map/%d: %d records lost net, the ledger says %d"
                        .formatted(lane.mapSubtask(), lane.missingInState(), in));
            }
            long out = ledger.netLostOutOf("map", lane.mapSubtask());
            long outSeen = lane.netLost() - lane.missingInState();
            if (!round.middle() && outSeen != out) {
                wrong.add("out of map/%d: %d records lost net, the ledger says %d"
                        .formatted(lane.mapSubtask(), outSeen, out));
            }
        }
        return wrong;
    }
}
