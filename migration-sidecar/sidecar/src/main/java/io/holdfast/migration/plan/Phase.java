package io.holdfast.migration.plan;

/** What is going on. */
public enum Phase {
    /** Nobody wants the TaskManager to leave. */
    QUIET,
    /** The JobManager is asked, or will be asked again. */
    ASKING,
    /** The tasks are on their way. */
    MOVING,
    /** The notices were withdrawn: the move is cancelled. */
    WITHDRAWING,
    /** No task is left here, and none comes. */
    MOVED,
    /** Nothing more is done about the present notices: Flink's own recovery has to do. */
    GIVEN_UP
}
