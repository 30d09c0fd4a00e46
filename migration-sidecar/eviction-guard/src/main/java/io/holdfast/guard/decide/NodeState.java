package io.holdfast.guard.decide;

/** Whether new pods may come to a node. */
public enum NodeState {
    SCHEDULABLE,
    CORDONED,
    /** It is gone, or may not be read. */
    UNKNOWN
}
