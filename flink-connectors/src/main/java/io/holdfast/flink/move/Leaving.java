package io.holdfast.flink.move;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.flink.runtime.clusterframework.types.ResourceID;

/**
 * TaskManagers that are about to go: no task of the job is put there any more, until a time after which they are believed
 * to stay. JobMaster main thread only.
 */
public final class Leaving {

    private final LongSupplier clock;
    private final Map<ResourceID, Long> until = new LinkedHashMap<>();

    /** By how many moves that have not ended. */
    private final Map<ResourceID, Integer> named = new HashMap<>();

    /** JobMaster creation thread. {@code clock} is in epoch milliseconds. */
    public Leaving(LongSupplier clock) {
        this.clock = clock;
    }

    /** {@code taskManager} goes; it counts as going until {@code untilMs}, or longer if that was said before. */
    public void add(ResourceID taskManager, long untilMs) {
        until.merge(taskManager, untilMs, Math::max);
    }

    /** A move from {@code taskManagers} has not ended: they go, whatever was said of the time. */
    public void begin(Collection<ResourceID> taskManagers) {
        taskManagers.forEach(taskManager -> named.merge(taskManager, 1, Integer::sum));
    }

    /** It has. */
    public void end(Collection<ResourceID> taskManagers) {
        taskManagers.forEach(
                taskManager -> named.computeIfPresent(taskManager, (ignored, moves) -> moves > 1 ? moves - 1 : null));
    }

    /** {@code taskManager} stays after all. */
    public void remove(ResourceID taskManager) {
        until.remove(taskManager);
    }

    /** Whether no task should be put on {@code taskManager}. */
    public boolean contains(ResourceID taskManager) {
        return named.containsKey(taskManager) || asMap().containsKey(taskManager);
    }

    /** Until when, in epoch milliseconds. */
    public Map<ResourceID, Long> asMap() {
        long now = clock.getAsLong();
        until.values().removeIf(end -> end <= now);
        return until;
    }
}
