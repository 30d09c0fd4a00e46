package io.holdfast.guard.decide;

import java.time.Duration;
import java.util.Optional;

/**
 * What an eviction is told.
 *
 * @param message for people; of a refusal it is what {@code kubectl drain} prints
 * @param retryAfter when to ask again; absent if the eviction is allowed, or if who asks is told by the pod's annotation
 */
public record Answer(Cause cause, String message, Optional<Duration> retryAfter) {

    public static Answer allow(Cause cause, String message) {
        if (!cause.allows()) {
            throw new IllegalArgumentException(cause + " does not allow");
        }
        return new Answer(cause, message, Optional.empty());
    }

    static Answer askAgain(Cause cause, String message, Optional<Duration> retryAfter) {
        if (cause.allows()) {
            throw new IllegalArgumentException(cause + " allows");
        }
        return new Answer(cause, message, retryAfter);
    }

    public boolean allowed() {
        return cause.allows();
    }
}
