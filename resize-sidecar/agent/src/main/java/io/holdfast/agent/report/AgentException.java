package io.holdfast.agent.report;

import java.util.Objects;

/** A request that is refused, or that failed: a code for programs, then a fact and a remedy for people. */
public final class AgentException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;

    /**
     * @param fact what is wrong, with the values that show it, and without a full stop
     * @param remedy what to do about it, in the imperative, or what happens next; without a full stop
     */
    public AgentException(ErrorCode code, String fact, String remedy) {
        this(code, fact, remedy, null);
    }

    /** As the other, with what led here; {@code cause} may be null. */
    public AgentException(ErrorCode code, String fact, String remedy, Throwable cause) {
        super(fact + ". " + remedy + ".", cause);
        this.code = Objects.requireNonNull(code, "code");
    }

    /** Returns what programs branch on. */
    public ErrorCode code() {
        return code;
    }
}
