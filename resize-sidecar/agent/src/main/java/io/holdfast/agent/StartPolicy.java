package io.holdfast.agent;

import io.holdfast.agent.report.ErrorCode;

/** Decides how long the first ceiling may take, and what of it is no reason not to start. Pure, in bytes. */
final class StartPolicy {
    private static final long ATTACHED_MILLIS = 120_000;

    private StartPolicy() {}

    /** Returns for how long: without an end before {@code main}, where a large balloon on a slow machine is no error. */
    static long timeoutMillis(boolean preloaded) {
        return preloaded ? Long.MAX_VALUE : ATTACHED_MILLIS;
    }

    /**
     * Returns whether to go on without the ceiling: what this JVM cannot do, ever; or, where the way back would be the end
     * of the JVM, what it could not do just now.
     *
     * @param floorBytes the smallest ceiling that could be asked for
     */
    static boolean startsWithout(ErrorCode code, boolean preloaded, long wantedBytes, long floorBytes, long maxBytes) {
        return switch (code) {
            case UNSUPPORTED -> true;
            case INFEASIBLE -> preloaded && wantedBytes >= floorBytes && wantedBytes <= maxBytes;
            default -> false;
        };
    }
}
