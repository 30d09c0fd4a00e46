package io.holdfast.migration;

import io.holdfast.kubernetes.PodEvents;

/** What the events on the pod say. */
enum MigrationEvent implements PodEvents.Reason {
    BEGUN("MoveBegun", false),
    MOVED("Moved", false),
    CANCELLED("MoveCancelled", false),
    FAILED("MoveFailed", true),
    GIVEN_UP("MoveGivenUp", true);

    private final String word;
    private final boolean warning;

    MigrationEvent(String word, boolean warning) {
        this.word = word;
        this.warning = warning;
    }

    @Override
    public String word() {
        return word;
    }

    @Override
    public boolean warning() {
        return warning;
    }
}
