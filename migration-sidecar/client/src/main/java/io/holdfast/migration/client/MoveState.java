package io.holdfast.migration.client;

import java.util.Locale;

/** How far a move is, in the words of the JobManager. */
public enum MoveState {
    /** Slots elsewhere are being got. */
    RESERVING,
    /** Tasks are told where to stop. */
    ARMING,
    /** The checkpoint is under way that they start from elsewhere. */
    CHECKPOINTING,
    /** They start elsewhere; it cannot be cancelled any more. */
    SWITCHING,
    /** They run elsewhere, or there was nothing to move. */
    COMPLETED,
    /** It was given up on request; the tasks run where they were. */
    CANCELLED,
    /** It was given up. The view's detail says why, and its step what was done instead. */
    FAILED,
    /** Under way, in a state that this version does not know. */
    OTHER;

    /** Whether nothing will change any more. */
    public boolean ended() {
        return this == COMPLETED || this == CANCELLED || this == FAILED;
    }

    /** Whether it can still be cancelled, as far as is known. */
    public boolean cancellable() {
        return !ended() && this != SWITCHING;
    }

    static MoveState of(String word) {
        try {
            return valueOf(word.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            return OTHER; // of a newer JobManager: it ends with one of the known three
        }
    }
}
