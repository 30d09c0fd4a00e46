package io.holdfast.migration.plan;

import io.holdfast.migration.client.MoveView;

/** What people should know. */
public sealed interface Report {
    /** A notice was heard that was not there before. */
    record Heard(Notice notice, long leftNanos) implements Report {}

    /** A notice is not there any more. */
    record Withdrawn(Notice notice) implements Report {}

    /** The JobManager has taken up a move, or joined it to one; for the first time in this operation. */
    record Begun(MoveView view, String reason) implements Report {}

    /** It came to another state. */
    record Progress(MoveView view) implements Report {}

    /** A move failed; whether it is tried again. */
    record MoveFailed(MoveView view, boolean again) implements Report {}

    /** A call did not help. */
    record CallFailed(Result.Trouble trouble, String message) implements Report {}

    /** Too late to cancel: it goes on. */
    record TooLate(String id) implements Report {}

    /** The move goes on, for others want it too. */
    record WantedByOthers(String id) implements Report {}

    /** The JobManager puts tasks on the TaskManager again. */
    record Stays() implements Report {}

    /**
     * An operation ended.
     *
     * @param detail of the move, or why it was given up
     * @param nanos since its first notice
     */
    record Ended(Outcome outcome, String id, int subtasks, String step, String detail, long nanos) implements Report {}
}
