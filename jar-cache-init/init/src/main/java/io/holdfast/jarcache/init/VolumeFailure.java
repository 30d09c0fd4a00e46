package io.holdfast.jarcache.init;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Says what it means that the target's volume refused something, and what to do about it. */
final class VolumeFailure {
    private VolumeFailure() {}

    /**
     * Returns the failure to throw: RETRYABLE if the volume is full or there is no telling, FATAL if it must be mounted or
     * owned otherwise.
     *
     * @param doing what was refused, to go on after "Could not"
     */
    static HoldfastException of(String doing, Path target, IOException e) {
        if (e instanceof ClosedByInterruptException) {
            return new HoldfastException(
                    Disposition.RETRYABLE, "The run was interrupted", "The next run continues where this one ended", e);
        }
        String reason = reason(e);
        String problem = "Could not %s: %s".formatted(doing, reason);
        String lower = reason.toLowerCase(Locale.ROOT);
        if (isFull(lower)) {
            return new HoldfastException(
                    Disposition.RETRYABLE,
                    problem,
                    "Give the volume mounted at " + target + " more space than the bundle needs, or free some of it",
                    e);
        }
        if (e instanceof AccessDeniedException
                || lower.contains("permission denied")
                || lower.contains("not permitted")) {
            return new HoldfastException(
                    Disposition.FATAL,
                    problem,
                    "Let the user of the init container write to the volume mounted at " + target
                            + ", by fsGroup or runAsUser; pods that share it must run as one user",
                    e);
        }
        if (lower.contains("read-only")) {
            return new HoldfastException(
                    Disposition.FATAL,
                    problem,
                    "Mount a volume at " + target
                            + " that the init container may write to, or set HOLDFAST_JAR_CACHE_TARGET",
                    e);
        }
        return new HoldfastException(
                Disposition.RETRYABLE, problem, "Check the volume mounted at " + target + ", and start again", e);
    }

    /** The refusal of the volume that is among the causes of {@code failure}; empty if that has another reason. */
    static Optional<IOException> refusalIn(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException e && isFull(reason(e).toLowerCase(Locale.ROOT))) {
                return Optional.of(e);
            }
        }
        return Optional.empty();
    }

    private static boolean isFull(String reason) {
        return reason.contains("no space left") || reason.contains("quota exceeded");
    }

    private static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "Permission denied";
        }
        if (e instanceof FileSystemException failure && failure.getReason() != null) {
            return failure.getReason();
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
