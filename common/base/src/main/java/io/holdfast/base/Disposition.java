package io.holdfast.base;

/** What the caller should do about a {@link HoldfastException}. Code branches on this, people read the message. */
public enum Disposition {
    /** The same call may succeed later; retry with backoff. */
    RETRYABLE,
    /** Retrying cannot help; carry on without the feature and report it. */
    DEGRADED,
    /** Continuing could lose data or lie to the user; stop the process. */
    FATAL
}
