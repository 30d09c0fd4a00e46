package io.holdfast.resize.plan;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * The memory request that a pod is meant to have. A limit below it takes it along; a larger one later gives it back, and no
 * more. A request that equals the limit always does, for the pod's class of service may not change.
 *
 * @param equalsLimit whether it goes with the limit
 * @param setBytes the one that was asked for last, for some limit
 */
record MemoryRequest(long bytes, boolean equalsLimit, long setBytes) {

    /** The one of {@code pod}, unless that is what {@code before} has become by a smaller limit. */
    static Optional<MemoryRequest> of(World.Pod pod, Optional<MemoryRequest> before) {
        if (pod.requestBytes().isEmpty()) {
            return Optional.empty();
        }
        long now = pod.requestBytes().getAsLong();
        return before.isPresent() && before.get().setBytes() == now
                ? before
                : Optional.of(new MemoryRequest(now, now >= pod.limitBytes(), now));
    }

    MemoryRequest under(long limitBytes) {
        return new MemoryRequest(bytes, equalsLimit, equalsLimit ? limitBytes : Math.min(bytes, limitBytes));
    }

    static OptionalLong set(Optional<MemoryRequest> request) {
        return request.isPresent() ? OptionalLong.of(request.get().setBytes()) : OptionalLong.empty();
    }
}
