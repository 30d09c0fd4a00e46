package io.holdfast.resize.plan;

/**
 * A resize that was asked for.
 *
 * @param id short, and told to whoever asked
 * @param targetBytes container limit, in bytes
 */
public record Request(String id, Cause cause, long targetBytes) {

    /** Why a resize is done. */
    public enum Cause {
        /** A whole transaction was asked for. */
        REQUEST,
        /** Only the JVM shall be prepared; somebody else sets the limit. */
        PREPARE,
        /** The pod asks for a smaller limit than its container has. */
        SPEC,
        /** The container has another limit. */
        LIMIT
    }
}
