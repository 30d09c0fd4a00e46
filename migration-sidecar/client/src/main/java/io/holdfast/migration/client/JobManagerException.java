package io.holdfast.migration.client;

import java.util.Objects;

/** That a JobManager did not do what it was asked for. The message is a sentence for people, with a remedy. */
public final class JobManagerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Kind kind;
    private final String said;

    /** What the caller can do. */
    public enum Kind {
        /** No JobManager answered as one does: it may do so later. */
        AWAY,
        /** It answered, and does not want to. Asking again as before will not help. */
        REFUSED,
        /** It answered, and does not know moves: it runs without Holdfast, or with an older one. */
        WITHOUT_MOVES,
        /** It knows moves, but not this one: it has been forgotten, or the JobManager is another one by now. */
        UNKNOWN_MOVE,
        /** The TaskManager is not leaving, or not any more. */
        NOT_LEAVING,
        /** The move goes on to its end: its tasks have left already, or it is over. */
        TOO_LATE
    }

    JobManagerException(Kind kind, String message, Throwable cause) {
        this(kind, message, "", cause);
    }

    /** @param said the JobManager's own words, blank if there are none */
    JobManagerException(Kind kind, String message, String said, Throwable cause) {
        super(message, cause);
        this.kind = Objects.requireNonNull(kind, "kind");
        this.said = Objects.requireNonNull(said, "said");
    }

    public Kind kind() {
        return kind;
    }

    /** Whether it is an older JobManager that refused {@code field} of a move: asked again without, it may do what it can. */
    boolean refusesField(String field) {
        return kind == Kind.REFUSED && said.contains("\"%s\" is no field of a move".formatted(field));
    }
}
