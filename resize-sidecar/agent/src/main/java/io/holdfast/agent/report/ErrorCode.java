package io.holdfast.agent.report;

import java.util.Locale;

/** Why a request was not done. The lower-case name with dashes is part of the protocol. */
public enum ErrorCode {
    /** More than one network memory registered itself. */
    AMBIGUOUS,
    /** The jar cannot be read, or is not an agent. */
    BAD_JAR,
    /** Not a request. */
    BAD_REQUEST,
    /** A value is not of the kind its key wants. */
    BAD_VALUE,
    /** Another operation is under way. */
    BUSY,
    /** An error inside the agent, or an action that reading back did not confirm. */
    FAILED,
    /** The peer is another user. */
    FORBIDDEN,
    /** It would break the application; the message has the numbers. */
    INFEASIBLE,
    /** A required key is absent. */
    MISSING_KEY,
    /** Nobody registered network memory. */
    NO_NETWORK_MEMORY,
    /** The line is not UTF-8. */
    NOT_UTF8,
    /** The jar's version is not above the one that runs. */
    NOT_NEWER,
    /** It was not done in time, and was rolled back. */
    TIMEOUT,
    /** The line is longer than the protocol allows. */
    TOO_LONG,
    /** All connections are taken. */
    TOO_MANY_CONNECTIONS,
    /** No such command. */
    UNKNOWN_COMMAND,
    /** No such key, for this command. */
    UNKNOWN_KEY,
    /** This JVM, or its collector, cannot do it. */
    UNSUPPORTED,
    /** The request is of another version of the protocol. */
    UNSUPPORTED_VERSION;

    /** Returns the code that stands so on the wire; {@link #FAILED} for one that is not known here. */
    public static ErrorCode ofWire(String wire) {
        for (ErrorCode code : values()) {
            if (code.wire().equals(wire)) {
                return code;
            }
        }
        return FAILED;
    }

    /** Returns the code as it stands on the wire. */
    public String wire() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
