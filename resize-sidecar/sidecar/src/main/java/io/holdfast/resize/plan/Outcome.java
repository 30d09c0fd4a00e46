package io.holdfast.resize.plan;

/** How a resize ended. Bounded on purpose: it is a tag of a meter. */
public enum Outcome {
    /** Limit and JVM agree on the new size. */
    APPLIED,
    /** There was nothing to do. */
    UNCHANGED,
    /** It cannot be: too little memory would be left, or Kubernetes does not allow it. */
    REFUSED,
    /** It was not done in time. */
    TIMED_OUT,
    /** Somebody asked for that. */
    CANCELLED,
    /** The limit became another one in the middle. */
    SUPERSEDED,
    /** A part of it failed. */
    FAILED;

    /** Whether the JVM lives by the new size. */
    public boolean good() {
        return this == APPLIED || this == UNCHANGED;
    }
}
