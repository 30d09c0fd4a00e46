package io.holdfast.migration.plan;

import java.time.Duration;

/** What the JobManager is asked. One at a time. */
public sealed interface Call {
    /**
     * To move the tasks, or to join the move that is under way.
     *
     * @param timeout from now, when the tasks must have left
     * @param node whether nothing may be moved to other TaskManagers of the node
     */
    record Ask(Duration timeout, boolean node, String reason) implements Call {}

    /** How far it is. */
    record Look(String id) implements Call {}

    /** To leave the tasks where they are, as far as this sidecar is concerned. */
    record Cancel(String id) implements Call {}

    /** To put tasks on the TaskManager again, as far as this sidecar is concerned. */
    record Stay() implements Call {}

    /** Whether it has heard of a move of this TaskManager, whose id it has not told. */
    record Find() implements Call {}
}
