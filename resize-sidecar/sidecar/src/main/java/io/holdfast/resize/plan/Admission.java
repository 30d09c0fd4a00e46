package io.holdfast.resize.plan;

import io.holdfast.base.ByteSize;
import io.holdfast.resize.plan.Request.Cause;
import java.util.Optional;

/**
 * What somebody who asks for a resize is told at once.
 *
 * @param message for people
 * @param retryNanos for {@link Kind#TOO_SOON}, how long to wait
 */
public record Admission(Kind kind, String message, long retryNanos) {

    /** What becomes of a request. */
    public enum Kind {
        ACCEPTED,
        /** The same is under way. */
        SAME,
        /** There is nothing to do. */
        UNCHANGED,
        /** Another one is under way. */
        BUSY,
        /** One has just ended. */
        TOO_SOON,
        /** It never can be, as things are set. */
        REFUSED,
        /** Nothing can be done now. */
        UNAVAILABLE
    }

    /**
     * Decides about a request for {@code targetBytes}.
     *
     * @param api whether limits can be set in the pod; if not, why
     */
    public static Admission of(
            Cause cause, long targetBytes, ResizeProtocol protocol, Rules rules, World world, Optional<String> noApi) {
        if (protocol.operation().isPresent()) {
            Request other = protocol.operation().get().request();
            return Limits.same(other.targetBytes(), targetBytes) && other.cause() == cause
                    ? now(Kind.SAME, "Under way already")
                    : now(
                            Kind.BUSY,
                            "Resize %s to %s is under way. Wait for it, or cancel it with DELETE /resize"
                                    .formatted(other.id(), new ByteSize(other.targetBytes())));
        }
        if (world.taskManager().isEmpty()) {
            return now(
                    Kind.UNAVAILABLE,
                    "No agent answers. Wait for the TaskManager, or check HOLDFAST_RESIZE_AGENT_SOCKET");
        }
        if (world.limitBytes().isEmpty()) {
            return now(Kind.REFUSED, "The container has no memory limit that could change. Give it one");
        }
        long limit = world.limitBytes().getAsLong();
        if (Math.abs(targetBytes - limit) < Math.max(1, rules.hysteresisBytes())) {
            return now(Kind.UNCHANGED, "The limit is %s already".formatted(new ByteSize(limit)));
        }
        Optional<String> outOfBounds =
                protocol.outOfBounds(targetBytes, world.taskManager().get());
        if (outOfBounds.isPresent()) {
            return now(Kind.REFUSED, outOfBounds.get());
        }
        if (cause == Cause.PREPARE && targetBytes > limit) {
            return now(Kind.UNCHANGED, "A larger limit needs no preparation. Set it; the TaskManager follows");
        }
        if (cause == Cause.REQUEST && noApi.isPresent()) {
            return now(Kind.REFUSED, noApi.get() + ". Use POST /resize/prepare, and set the limit yourself");
        }
        long quiet = protocol.quietUntilNanos() - world.nowNanos();
        return quiet > 0
                ? new Admission(Kind.TOO_SOON, "A resize has just ended. Ask again (HOLDFAST_RESIZE_COOLDOWN)", quiet)
                : now(Kind.ACCEPTED, "");
    }

    private static Admission now(Kind kind, String message) {
        return new Admission(kind, message, 0);
    }
}
