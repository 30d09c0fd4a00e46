package io.holdfast.agent.heap;

import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

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

    private long heldBytes;
    private long takenBytes;
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

    /** Returns what is held, as far as is known: see {@link #touch()}. */
    synchronized long heldBytes() {
        return heldBytes;
    }

    /** Returns what the collector has taken since the start. */
    synchronized long takenBytes() {
        return takenBytes;
    }

    /** Returns a number that changes with what is held. */
    synchronized long changes() {
        return changes;
    }

    /** Adds an array that takes {@code bytes}, header included. */
    synchronized void add(long[] array, long bytes) {
        chunks.add(new Chunk(bytes, array));
        changed(bytes);
    }

    /** Lets go of arrays, the youngest first, until {@code bytes} or less are held. */
    synchronized void dropTo(long bytes) {
        while (heldBytes > bytes && !chunks.isEmpty()) {
            changed(-chunks.remove(chunks.size() - 1).bytes);
        }
    }

    /**
     * Marks the softly held arrays as used just now, which keeps the collector from taking them while there is no need,
     * and forgets those that it took.
     *
     * @return what it took since the last call
     */
    synchronized long touch() {
        long taken = 0;
        for (Iterator<Chunk> each = chunks.iterator(); each.hasNext(); ) {
            Chunk chunk = each.next();
            if (chunk.strong == null && chunk.soft.get() == null) {
                each.remove();
                taken += chunk.bytes;
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
        }
    }

    /** Returns all arrays, held strongly, and their sizes. */
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
        chunks.clear();
        heldBytes = 0;
        Map<String, Object> state = new HashMap<>();
        state.put(ARRAYS, arrays);
        state.put(BYTES, bytes);
        return state;
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
