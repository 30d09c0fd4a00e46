package io.holdfast.resize.plan;

import java.util.Optional;

/**
 * A resize that is under way, or has ended.
 *
 * @param fromBytes limit of the container at the begin
 * @param podBytes limit that the pod asked for at the begin
 * @param agentStartedMillis of the agent that it began with
 * @param startedNanos of the monotonic clock
 * @param before the sizes to go back to; absent while none has changed
 * @param planned the sizes that a smaller limit leaves; absent while they are not known
 * @param remark what whoever lowers the limit should know, or blank
 */
public record Operation(
        Request request,
        long fromBytes,
        long podBytes,
        long agentStartedMillis,
        long startedNanos,
        Optional<Sizes> before,
        Optional<Sizes> planned,
        String remark) {

    Operation changing(Sizes now, Sizes next, String what) {
        return new Operation(
                request,
                fromBytes,
                podBytes,
                agentStartedMillis,
                startedNanos,
                Optional.of(now),
                Optional.of(next),
                what);
    }

    public long targetBytes() {
        return request.targetBytes();
    }

    Request.Cause cause() {
        return request.cause();
    }
}
