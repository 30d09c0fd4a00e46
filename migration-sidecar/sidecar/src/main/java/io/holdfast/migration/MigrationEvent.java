package io.holdfast.migration;

import io.holdfast.kubernetes.PodEvents.Type;

/** What the events on the pod say. */
enum MigrationEvent {
    BEGUN("MoveBegun", Type.NORMAL),
    MOVED("Moved", Type.NORMAL),
    CANCELLED("MoveCancelled", Type.NORMAL),
    FAILED("MoveFailed", Type.WARNING),
    GIVEN_UP("MoveGivenUp", Type.WARNING);

    private final String word;
    private final Type type;

    MigrationEvent(String word, Type type) {
        this.word = word;
        this.type = type;
    }

    /** Such as {@code Moved}. */
    String word() {
        return word;
    }

    Type type() {
        return type;
    }
}
