package io.holdfast.agent.heap;

import com.sun.management.GarbageCollectionNotificationInfo;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.management.ListenerNotFoundException;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import javax.management.openmbean.CompositeData;

/** Hears of each collection that stopped the application. Called on a thread of the JVM's, which it never holds up. */
public final class CollectionListener implements NotificationListener {
    /**
     * What a collection found and left, balloon included.
     *
     * @param number counts those that were heard of
     * @param id counts those of the same collector
     */
    record Last(long number, String collector, long id, long usedBeforeBytes, long usedAfterBytes, boolean full) {
        static final Last NONE = new Last(0, "", 0, 0, 0, false);

        /** Returns whether it had not ended then. */
        boolean after(Ended then) {
            return id > then.ids().getOrDefault(collector, 0L);
        }
    }

    /** The last collection of each collector that had ended at some time, heard of or not. */
    record Ended(Map<String, Long> ids) {
        static final Ended NONE = new Ended(Map.of());
    }

    private final Set<String> heapPools = ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .map(MemoryPoolMXBean::getName)
            .collect(Collectors.toSet());
    private final Runnable wake;
    private volatile Last last = Last.NONE;

    /** @param wake called after each; must return at once */
    public CollectionListener(Runnable wake) {
        this.wake = wake;
    }

    /** Begins to listen. */
    public void start() {
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            if (collector instanceof NotificationEmitter emitter) {
                emitter.addNotificationListener(this, null, null);
            }
        }
    }

    /** Ends that. */
    public void stop() {
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            if (collector instanceof NotificationEmitter emitter) {
                try {
                    emitter.removeNotificationListener(this);
                } catch (ListenerNotFoundException e) {
                    continue; // never began
                }
            }
        }
    }

    Last last() {
        return last;
    }

    /** Returns which collections have ended by now. */
    Ended ended() {
        return new Ended(ManagementFactory.getGarbageCollectorMXBeans().stream()
                .collect(
                        Collectors.toMap(GarbageCollectorMXBean::getName, GarbageCollectorMXBean::getCollectionCount)));
    }

    @Override
    public void handleNotification(Notification notification, Object handback) {
        try {
            if (!notification.getType().equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)) {
                return;
            }
            GarbageCollectionNotificationInfo info =
                    GarbageCollectionNotificationInfo.from((CompositeData) notification.getUserData());
            if (info.getGcName().contains("Concurrent")) {
                return; // parts of a marking: they free little, and say nothing about what is needed
            }
            last = new Last(
                    last.number() + 1,
                    info.getGcName(),
                    info.getGcInfo().getId(),
                    used(info.getGcInfo().getMemoryUsageBeforeGc()),
                    used(info.getGcInfo().getMemoryUsageAfterGc()),
                    info.getGcAction().contains("major"));
            wake.run();
        } catch (RuntimeException | OutOfMemoryError e) {
            return; // a number less; the thread is the JVM's
        }
    }

    private long used(Map<String, MemoryUsage> pools) {
        long used = 0;
        for (Map.Entry<String, MemoryUsage> pool : pools.entrySet()) {
            used += heapPools.contains(pool.getKey()) ? pool.getValue().getUsed() : 0;
        }
        return used;
    }
}
