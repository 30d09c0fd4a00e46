package io.holdfast.agent.heap;

import java.lang.ref.SoftReference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The arrays that keep heap from the application. Some are held softly: the collector takes those, and only those, in
 * the last moment before it would have to throw an {@code OutOfMemoryError}.
 *
 * <p>Any thread; each call holds this object's lock, and no other is taken under it.
 */
final class Balloon {
    private static final String ARRAYS = "balloon.arrays";
    private static final String BYTES = "balloon.bytes";

    /** In order of age; the youngest give way first. */
    private final List<Chunk> chunks = new ArrayList<>();

    /** Let go, and maybe not collected yet. */
    private final List<Leaving> leaving = new ArrayList<>();

    private final Predicate<SoftReference<?>> postpone;
    private long heldBytes;
    private long takenBytes;
    private long addedBytes;
    private long changes;

    /** One array: held strongly or softly. */
    private static final class Chunk {
        private final long bytes;
        private long[] strong;
        private SoftReference<long[]> soft;

        private Chunk(long bytes, long[] array) {
            this.bytes = bytes;
            this.strong = array;
        }
    }

    /** @param postpone keeps the collector from a reference until its last moment, as long as nobody gets what it holds */
    Balloon(Predicate<SoftReference<?>> postpone) {
        this.postpone = postpone;
    }

    /** An array that was let go. */
    private record Leaving(WeakReference<long[]> array, long bytes) {}

    /** Returns what is held, as far as is known: see {@link #touch()}. */
    synchronized long heldBytes() {
        return heldBytes;
    }

    /** Returns what the collector has taken since the start. */
    synchronized long takenBytes() {
        return takenBytes;
    }

    /** Returns what was added since the start, whatever became of it. */
    synchronized long addedBytes() {
        return addedBytes;
    }

    /** Returns a number that changes with what is held. */
    synchronized long changes() {
        return changes;
    }

    /** Returns what was let go and is still counted by the JVM, for no collection has come by since. */
    synchronized long leavingBytes() {
        leaving.removeIf(each -> each.array().refersTo(null)); // get() would keep it for the collector
        return leaving.stream().mapToLong(Leaving::bytes).sum();
    }

    /** Adds an array that takes {@code bytes}, header included. */
    synchronized void add(long[] array, long bytes) {
        chunks.add(new Chunk(bytes, array));
        addedBytes += bytes;
        changed(bytes);
    }

    /** Lets go of arrays, the youngest first, until {@code bytes} or less are held. */
    synchronized void dropTo(long bytes) {
        while (heldBytes > bytes && !chunks.isEmpty()) {
            Chunk chunk = chunks.remove(chunks.size() - 1);
            long[] array = chunk.strong == null ? chunk.soft.get() : chunk.strong;
            if (array != null) {
                leaving.add(new Leaving(new WeakReference<>(array), chunk.bytes));
            }
            changed(-chunk.bytes);
        }
    }

    /**
     * Keeps the collector from taking the softly held arrays while there is no need, and forgets those that it took.
     *
     * @return what it took since the last call
     */
    synchronized long touch() {
        long taken = 0;
        for (Iterator<Chunk> each = chunks.iterator(); each.hasNext(); ) {
            Chunk chunk = each.next();
            if (chunk.strong != null) {
                continue;
            }
            if (chunk.soft.refersTo(null)) {
                each.remove();
                taken += chunk.bytes;
            } else if (!postpone.test(chunk.soft)) {
                chunk.soft.get(); // used just now
            }
        }
        if (taken > 0) {
            takenBytes += taken;
            changed(-taken);
        }
        return taken;
    }

    /** Holds up to {@code softBytes} softly, the youngest arrays, and all others strongly. */
    synchronized void balance(long softBytes) {
        long left = softBytes;
        for (int index = chunks.size() - 1; index >= 0; index--) {
            Chunk chunk = chunks.get(index);
            left -= chunk.bytes;
            if (left < 0 && chunk.strong == null) {
                chunk.strong = chunk.soft.get(); // null if the collector was quicker: touch() will see
                if (chunk.strong != null) {
                    chunk.soft = null;
                }
            } else if (left >= 0 && chunk.strong != null) {
                chunk.soft = new SoftReference<>(chunk.strong);
                postpone.test(chunk.soft);
                chunk.strong = null;
            }
        }
    }

    /** Gives the pages of all arrays back again: a collector that moved one has written to them. */
    synchronized void release(PageRelease release) {
        for (Chunk chunk : chunks) {
            long[] array = chunk.strong == null ? chunk.soft.get() : chunk.strong;
            if (array != null) {
                release.release(array, chunk.bytes);
            }
            if (chunk.strong == null) {
                postpone.test(chunk.soft);
            }
        }
    }

    /** Returns all arrays, held strongly, and their sizes. They are held here as well, until {@link #forget()}. */
    synchronized Map<String, Object> handOver() {
        touch();
        balance(0);
        List<Object> arrays = new ArrayList<>();
        List<Object> bytes = new ArrayList<>();
        for (Chunk chunk : chunks) {
            if (chunk.strong != null) {
                arrays.add(chunk.strong);
                bytes.add(chunk.bytes);
            }
        }
        Map<String, Object> state = new HashMap<>();
        state.put(ARRAYS, arrays);
        state.put(BYTES, bytes);
        return state;
    }

    /** Lets go of all arrays. Needs no memory. */
    synchronized void forget() {
        chunks.clear();
        changed(-heldBytes);
    }

    /** Returns an array that a predecessor handed over; null if there is none. */
    static long[] any(Map<String, Object> state) {
        List<?> arrays = (List<?>) state.getOrDefault(ARRAYS, List.of());
        return arrays.isEmpty() ? null : (long[]) arrays.get(0);
    }

    /** Takes what a predecessor handed over. */
    synchronized void takeOver(Map<String, Object> state) {
        List<?> arrays = (List<?>) state.getOrDefault(ARRAYS, List.of());
        List<?> bytes = (List<?>) state.getOrDefault(BYTES, List.of());
        for (int index = 0; index < arrays.size(); index++) {
            add((long[]) arrays.get(index), (Long) bytes.get(index));
        }
    }

    private void changed(long byBytes) {
        heldBytes += byBytes;
        changes++;
    }
}
