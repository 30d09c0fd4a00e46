package io.holdfast.migration;

import io.holdfast.migration.client.MoveView;
import java.time.Duration;

/** What becomes of the wish to have this TaskManager empty before its pod ends. */
record Drain(Outcome outcome, String move, int subtasks, String detail, Duration took) {

    /** What is told to who waits. */
    enum Outcome {
        /** Its tasks run elsewhere. */
        MOVED,
        /** It had none. */
        NOTHING,
        /** It was given up; Flink recovers when the TaskManager is gone. */
        GIVEN_UP,
        /** The move is not over, but the time is. */
        BUDGET_USED
    }

    static Drain of(Snapshot snapshot, Duration took) {
        Outcome outcome = switch (snapshot.phase()) {
            case MOVED -> snapshot.move().map(MoveView::subtasks).orElse(0) > 0 ? Outcome.MOVED : Outcome.NOTHING;
            case GIVEN_UP -> Outcome.GIVEN_UP;
            default -> Outcome.BUDGET_USED;
        };
        return new Drain(
                outcome,
                snapshot.move().map(MoveView::id).orElse(""),
                snapshot.move().map(MoveView::subtasks).orElse(0),
                outcome == Outcome.MOVED || outcome == Outcome.NOTHING
                        ? ""
                        : snapshot.trouble().isBlank()
                                ? snapshot.move()
                                        .map(move -> "the move is " + MigrationSettings.word(move.state()))
                                        .orElse("")
                                : snapshot.trouble(),
                took);
    }
}
