package io.holdfast.migration.notice;

import io.holdfast.migration.plan.Notice;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The notices that are there at present, by who has heard them. Who cannot listen for a while says nothing, and what it said
 * last stays.
 *
 * <p>Thread-safe.
 */
public final class NoticeBoard {
    private final Runnable changed;
    private final Map<String, List<Notice>> bySource = new LinkedHashMap<>();

    /** @param changed called, in the thread of who publishes, whenever there is something else on it */
    public NoticeBoard(Runnable changed) {
        this.changed = changed;
    }

    /** Replaces all that {@code source} has said before. */
    public void publish(String source, List<Notice> notices) {
        synchronized (this) {
            if (bySource.getOrDefault(source, List.of()).equals(notices)) {
                return;
            }
            bySource.put(source, List.copyOf(notices));
        }
        changed.run();
    }

    /** Adds one that stays until it is {@linkplain #remove removed}. */
    public void add(Notice notice) {
        publish(notice.id(), List.of(notice));
    }

    public void remove(String id) {
        publish(id, List.of());
    }

    public synchronized Collection<Notice> current() {
        return bySource.values().stream().flatMap(List::stream).toList();
    }
}
