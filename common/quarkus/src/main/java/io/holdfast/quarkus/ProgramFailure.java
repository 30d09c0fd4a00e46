package io.holdfast.quarkus;

import io.holdfast.base.HoldfastException;

/** Ends a program with an exit code of its choice, where the disposition of its failure would give another. */
public final class ProgramFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    /** @param exitCode a constant of {@link io.holdfast.base.ExitCode} */
    public ProgramFailure(int exitCode, HoldfastException failure) {
        super(failure.getMessage(), failure);
        this.exitCode = exitCode;
    }

    public int exitCode() {
        return exitCode;
    }
}
