package io.holdfast.resize.plan;

/** How far a resize is. */
public enum Phase {
    /** None is under way. */
    STABLE,
    /** A larger limit is asked for, and the container has not got it yet. */
    WAIT_CGROUP,
    /** It is found out whether a smaller limit is possible. Nothing has changed. */
    PLAN,
    /** The JVM gives memory back. */
    PREPARING,
    /** The JVM lives by the smaller limit, which may be set now. */
    READY,
    /** The smaller limit is asked for, and the container has not got it yet. */
    CONFIRM,
    /** The limit has changed, and the JVM follows. */
    APPLYING,
    /** The JVM gets its memory back. */
    ROLLING_BACK;

    /** Whether a resize can still be given up without a limit that was set. */
    public boolean cancellable() {
        return this == WAIT_CGROUP || this == PLAN || this == PREPARING || this == READY;
    }
}
