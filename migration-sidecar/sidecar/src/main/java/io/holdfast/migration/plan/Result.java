package io.holdfast.migration.plan;

import io.holdfast.migration.client.MoveView;

/** What came of a {@link Call}. */
public sealed interface Result {
    /** How far the move is. */
    record Viewed(MoveView view) implements Result {}

    /** What came of the wish to cancel, or that the TaskManager stays. */
    record Cancelled(Cancelling how) implements Result {}

    /** No answer, or none that helps. */
    record Failed(Trouble trouble, String message) implements Result {}

    /** What came of a wish to cancel. */
    enum Cancelling {
        DONE,
        /** It goes on, for others want it. */
        OTHERS,
        TOO_LATE,
        UNKNOWN
    }

    /** Why a call did not help. Bounded on purpose: it is a tag of metrics. */
    enum Trouble {
        /** No JobManager answers; it may do so later. */
        AWAY,
        /** It does not want to. */
        REFUSED,
        /** It knows no moves. */
        WITHOUT_MOVES,
        /** It does not know this move, any more. */
        UNKNOWN_MOVE,
        /** It does not know the TaskManager, or not yet. */
        NOT_REGISTERED,
        /** It is not known which TaskManager is meant, or where the JobManager is. */
        NOT_KNOWN
    }
}
