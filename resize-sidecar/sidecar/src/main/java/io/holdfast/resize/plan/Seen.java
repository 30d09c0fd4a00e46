package io.holdfast.resize.plan;

import java.util.OptionalLong;

/**
 * Everything that sizes are planned by, as it was found once.
 *
 * @param limitBytes of the container
 * @param podBytes that the pod asks for; absent if that was not known
 * @param network whether network memory could be resized: it appears some time after the agent
 */
record Seen(long agentStartedMillis, long limitBytes, OptionalLong podBytes, boolean network) {

    static Seen of(long limitBytes, TaskManager taskManager, World world) {
        return new Seen(
                taskManager.startedMillis(),
                limitBytes,
                world.pod().isPresent() ? OptionalLong.of(world.pod().get().limitBytes()) : OptionalLong.empty(),
                taskManager.network().isPresent());
    }

    /** How far a JVM may grow: not over a smaller limit that its pod asks for already. */
    long roomBytes() {
        return Math.min(limitBytes, podBytes.orElse(limitBytes));
    }

    /** Whether nothing has changed since {@code earlier}, as far as is known. A pod that cannot be read asks for the same. */
    boolean same(Seen earlier) {
        return sameJvm(earlier)
                && Limits.same(limitBytes, earlier.limitBytes)
                && (podBytes.isEmpty() || earlier.podBytes.isPresent() && Limits.same(roomBytes(), earlier.roomBytes()))
                && network == earlier.network;
    }

    boolean sameJvm(Seen earlier) {
        return agentStartedMillis == earlier.agentStartedMillis;
    }
}
