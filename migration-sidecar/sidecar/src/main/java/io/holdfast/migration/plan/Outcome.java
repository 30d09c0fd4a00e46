package io.holdfast.migration.plan;

/** How an operation ended that began with a first notice. Bounded on purpose: it is a tag of metrics. */
public enum Outcome {
    /** The tasks run elsewhere. */
    MOVED,
    /** There was none. */
    NOTHING,
    /** The notices were withdrawn in time; the tasks run on here. */
    CANCELLED,
    /** It was not done before the deadline, or the JobManager does not want to. */
    GIVEN_UP
}
