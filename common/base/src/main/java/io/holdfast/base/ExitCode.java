package io.holdfast.base;

/**
 * Exit codes of Holdfast's programs, an interface for scripts and pod specifications. The numbers above 63 are those of
 * BSD's {@code sysexits.h}.
 */
public final class ExitCode {
    /** Done. */
    public static final int DONE = 0;

    /** A source of data or a service that is needed is unavailable. */
    public static final int UNAVAILABLE = 69;

    /** An error inside Holdfast. */
    public static final int INTERNAL = 70;

    /** Failed for now; the same call may succeed later. */
    public static final int TRY_AGAIN = 75;

    /** The configuration cannot be used. */
    public static final int BAD_CONFIGURATION = 78;

    private ExitCode() {}
}
