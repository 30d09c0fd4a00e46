package io.holdfast.migration.state;

/** What became of a request for state. */
public enum StateAnswer {
    /** The files of a checkpoint were told. */
    LISTED,
    /** A file, or part of one, was sent to its end. */
    SENT,
    /** It is not there, or not any more. */
    NOT_FOUND,
    /** It cannot be asked for in that way. */
    REFUSED,
    /** It came without the token. */
    UNAUTHORIZED,
    /** Who asked went before all was sent. */
    BROKEN_OFF,
    /** It could not be read. */
    FAILED
}
