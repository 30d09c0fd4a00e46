package io.holdfast.resize.plan;

/** Whether network memory grows with the limit. */
public enum NetworkPolicy {
    /** If nine tenths of it are in use when the limit grows. */
    WHEN_SHORT,
    ALWAYS,
    NEVER
}
