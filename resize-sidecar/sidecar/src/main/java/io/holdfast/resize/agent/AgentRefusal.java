package io.holdfast.resize.agent;

/** The agent answered that it did not do what it was told. */
public final class AgentRefusal extends Exception {
    private static final long serialVersionUID = 1L;

    private final String code;

    /** @param code of the protocol, such as {@code infeasible} */
    public AgentRefusal(String code, String message) {
        super(message);
        this.code = code;
    }

    public String code() {
        return code;
    }
}
