package io.holdfast.flink.move;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.apache.flink.runtime.clusterframework.types.ResourceID;

/**
 * TaskManagers that are about to go: no task of the job is put there any more, until a time after which they are believed
 * to stay, or until nobody wants them to go any longer. JobMaster main thread only.
 */
public final class Leaving {

    /**
     * That somebody wants a TaskManager to go.
     *
     * @param move id of the move by which he said so
     * @param requester who
     */
    public record Wish(String move, String requester) {}

    private final LongSupplier clock;

    /** Until when each wish counts. */
    private final Map<ResourceID, Map<Wish, Long>> wishes = new LinkedHashMap<>();

    /** By how many moves that have not ended. */
    private final Map<ResourceID, Integer> named = new HashMap<>();

    /** JobMaster creation thread. {@code clock} is in epoch milliseconds. */
    public Leaving(LongSupplier clock) {
        this.clock = clock;
    }

    /** {@code taskManager} goes by {@code wish}, which counts until {@code untilMs}, or longer if that was said before. */
    public void add(ResourceID taskManager, Wish wish, long untilMs) {
        wishes.computeIfAbsent(taskManager, ignored -> new LinkedHashMap<>()).merge(wish, untilMs, Math::max);
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

    /** Whoever {@code which} is true of does not want {@code taskManager} to go any more; it stays if nobody else does. */
    public void withdraw(ResourceID taskManager, Predicate<Wish> which) {
        Map<Wish, Long> all = wishes.get(taskManager);
        if (all != null) {
            all.keySet().removeIf(which);
        }
    }

    /** What {@code requester} said of {@code taskManager}, and of others together with it, does not count any more. */
    public void withdraw(ResourceID taskManager, String requester) {
        Set<Wish> his = new HashSet<>(wishes.getOrDefault(taskManager, Map.of()).keySet());
        his.removeIf(wish -> !wish.requester.equals(requester));
        wishes.keySet().forEach(each -> withdraw(each, his::contains));
    }

    /** Whether no task should be put on {@code taskManager}. */
    public boolean contains(ResourceID taskManager) {
        return named.containsKey(taskManager)
                || wishes.getOrDefault(taskManager, Map.of()).values().stream()
                        .anyMatch(end -> end > clock.getAsLong());
    }

    /** Who wants {@code taskManager} to go. */
    public Set<String> requesters(ResourceID taskManager) {
        Set<String> requesters = new LinkedHashSet<>();
        current().getOrDefault(taskManager, Map.of()).keySet().forEach(wish -> requesters.add(wish.requester));
        return requesters;
    }

    /** Until when, in epoch milliseconds; of those alone that somebody has named a time for which is not over. */
    public Map<ResourceID, Long> asMap() {
        Map<ResourceID, Long> until = new LinkedHashMap<>();
        current()
                .forEach((taskManager, all) -> until.put(
                        taskManager, all.values().stream().max(Long::compare).orElseThrow()));
        return until;
    }

    private Map<ResourceID, Map<Wish, Long>> current() {
        long now = clock.getAsLong();
        wishes.values().forEach(all -> all.values().removeIf(end -> end <= now));
        wishes.values().removeIf(Map::isEmpty);
        return wishes;
    }
}
