package io.holdfast.guard.decide;

/** What is to be done about an eviction that nobody asks for at this moment. */
public enum Chore {
    NOTHING,
    /** Somebody gave it up: cancel the move, forget the record. */
    WITHDRAW,
    /** The move is over, or may not take longer: tell the descheduler that it may ask again. */
    SETTLE,
    /** Remember that the node was cordoned. */
    NOTE_CORDON,
    /** Nobody will ask again, after its move has ended: have the TaskManager used again, forget the record. */
    RELEASE,
    /** Nobody will ask again: forget the record. */
    FORGET
}
