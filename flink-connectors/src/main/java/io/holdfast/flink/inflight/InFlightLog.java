package io.holdfast.flink.inflight;

import io.holdfast.flink.exchange.OutgoingStream.Place;
import java.io.IOException;
import java.util.ArrayDeque;
import javax.annotation.Nullable;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.buffer.FreeingBufferRecycler;
import org.apache.flink.runtime.io.network.buffer.NetworkBuffer;

/**
 * A part of a subpartition's stream that is kept outside the network's buffers: what was taken from the queue and has not
 * left, which comes before the queue; and, if it retains, what has left since a place that {@link #rewind} goes back to.
 * Not thread-safe: guarded by the subpartition's lock.
 *
 * <p>Entries are what would have left: whole buffers, parts of buffers whose rest is still in the queue, events. So each
 * knows how many buffers and events are in the queue no more because of it: {@code covered}, which is none for a part, and
 * more than one if empty buffers lay before it.
 */
public final class InFlightLog {

    private static final long NO_BARRIER = -1;

    /** What would have left. */
    private static final class Entry {

        private final Buffer.DataType type;
        private final int bytes;
        private int covered;
        private long barrier = NO_BARRIER;

        // ---- one of the two

        private final @Nullable InFlightStore.Block block;
        private final @Nullable Buffer buffer;

        Entry(Buffer.DataType type, int bytes, int covered, InFlightStore.Block block, Buffer buffer) {
            this.type = type;
            this.bytes = bytes;
            this.covered = covered;
            this.block = block;
            this.buffer = buffer;
        }

        /** The caller recycles it. */
        Buffer read() throws IOException {
            if (buffer != null) {
                return buffer.readOnlySlice().retainBuffer();
            }
            return new NetworkBuffer(
                    MemorySegmentFactory.wrap(block.read()), FreeingBufferRecycler.INSTANCE, type, bytes);
        }

        void free() {
            if (buffer != null) {
                buffer.recycleBuffer();
            } else {
                block.free();
            }
        }
    }

    private final InFlightStore store;

    private final ArrayDeque<Entry> pending = new ArrayDeque<>();
    private int pendingData;
    private int pendingCovered;

    /** Empty buffers behind the last pending entry: whatever comes next covers them. */
    private int covered;

    /** Oldest first; null if nothing is retained. */
    private @Nullable ArrayDeque<Entry> retained;

    /** Empty buffers behind the last retained entry. */
    private int retainedCovered;

    /** Where the stream ended behind what left the queue last, while things were retained; null if it went on. */
    private @Nullable Place end;

    /** TaskExecutor main thread, while the task is created. */
    public InFlightLog(InFlightStore store) {
        this.store = store;
    }

    // ------------------------------------------------------------------ what has not left

    /** Whether the queue is all there is. */
    public boolean isEmpty() {
        return pending.isEmpty();
    }

    /** Type of what leaves next; only if it is not empty. */
    public Buffer.DataType nextType() {
        return pending.peek().type;
    }

    /** Buffers of records that have not left. */
    public int dataBuffers() {
        return pendingData;
    }

    /** Buffers and events that are neither in the queue nor have left. */
    public int covered() {
        return pending.isEmpty() ? 0 : pendingCovered + covered;
    }

    /**
     * Takes over {@code next}, which was the next thing in the queue.
     *
     * @param buffers how many the queue has less because of it
     * @return whether it was copied; if not, there is no room and it is kept as it is
     */
    public boolean append(Buffer next, int buffers) {
        Entry entry = entry(next, buffers + covered);
        covered = 0;
        pending.add(entry);
        pendingCovered += entry.covered;
        pendingData += entry.type.isBuffer() ? 1 : 0;
        return entry.buffer == null || !entry.type.isBuffer();
    }

    /** {@code buffers} buffers with nothing in them are in the queue no more; only if it is not empty. */
    public void appendNothing(int buffers) {
        covered += buffers;
    }

    private Entry entry(Buffer next, int covered) {
        int bytes = next.readableBytes();
        InFlightStore.Block block = next.isBuffer() ? store.put(next.getNioBufferReadable()) : null;
        if (block == null) { // an event is small, and not of the network's pool
            return new Entry(next.getDataType(), bytes, covered, null, next);
        }
        next.recycleBuffer();
        return new Entry(Buffer.DataType.DATA_BUFFER, bytes, covered, block, null);
    }

    /** Whether there is room for {@code bytes} more. */
    public boolean hasRoom(int bytes) {
        return store.admits(bytes);
    }

    /** Whether there will soon be room for {@code bytes} more, but is not yet. */
    public boolean isBehind(int bytes) {
        return store.isBehind(bytes);
    }

    /** Asks to be told, once, when there may be room for {@code bytes} more. */
    public void whenRoom(int bytes, Runnable retry) {
        store.whenRoom(bytes, retry);
    }

    /** What leaves next. The caller recycles it, and calls {@link #left} if it has left. */
    public Buffer next() throws IOException {
        return pending.peek().read();
    }

    /** Length of what leaves next. */
    public int nextBytes() {
        return pending.peek().bytes;
    }

    /** An event that leaves next; it costs nothing to read. The caller recycles it. */
    public Buffer nextEvent() {
        return pending.peek().buffer.readOnlySlice().retainBuffer();
    }

    /** What was next has left, or was skipped. Returns whether it is retained, if it should be; if not there is no room. */
    public boolean left() {
        Entry entry = pending.remove();
        pendingCovered -= entry.covered;
        pendingData -= entry.type.isBuffer() ? 1 : 0;
        if (pending.isEmpty()) {
            entry.covered += covered;
            covered = 0;
        }
        if (retained == null) {
            entry.free();
            return true;
        }
        return entry.buffer != null && entry.type.isBuffer() ? retain(entry.buffer, entry.covered) : retain(entry);
    }

    // ------------------------------------------------------------------ what has left

    /** From now on what leaves is kept too, unless the store is for nothing at all. Returns whether it is. */
    public boolean retain() {
        if (store.isOn()) {
            retained = new ArrayDeque<>();
            retainedCovered = 0;
        }
        return retains();
    }

    /** Whether what leaves is kept. */
    public boolean retains() {
        return retained != null;
    }

    /**
     * {@code next} has left the queue.
     *
     * @param buffers how many the queue has less because of it
     * @return whether it was kept; if not there is no room
     */
    public boolean retainCopy(Buffer next, int buffers) {
        return retain(next.readOnlySlice().retainBuffer(), buffers);
    }

    private boolean retain(Buffer next, int buffers) {
        Entry entry = entry(next, buffers);
        if (entry.buffer != null && entry.type.isBuffer()) { // it must go back to the pool
            entry.free();
            return false;
        }
        return retain(entry);
    }

    private boolean retain(Entry entry) {
        entry.covered += retainedCovered;
        retainedCovered = 0;
        retained.add(entry);
        return true;
    }

    /** {@code buffers} buffers with nothing in them have left the queue. */
    public void retainNothing(int buffers) {
        retainedCovered += buffers;
    }

    /** What left last was the barrier of checkpoint {@code id}. */
    public void retainedBarrier(long id) {
        retained.peekLast().barrier = id;
    }

    /** Where the stream ended behind what left the queue last; null if it went on. */
    public void retainedUpTo(@Nullable Place place) {
        end = place;
    }

    /** Where the stream ends if the log is all there is. */
    @Nullable
    public Place end() {
        return end;
    }

    /**
     * All that was retained is to leave again, but for barriers up to that of checkpoint {@code lastBarrier}. Nothing is
     * retained any more.
     */
    public void rewind(long lastBarrier) {
        ArrayDeque<Entry> later = new ArrayDeque<>(pending);
        ArrayDeque<Entry> again = retained;
        int between = retainedCovered;
        int behind = covered;
        retained = null;
        pending.clear();
        pendingCovered = 0;
        pendingData = 0;
        covered = 0;
        for (Entry entry : again) {
            if (entry.barrier != NO_BARRIER && entry.barrier <= lastBarrier) {
                covered += entry.covered;
                entry.free();
            } else {
                restore(entry);
            }
        }
        covered += between;
        later.forEach(this::restore);
        covered = pending.isEmpty() ? 0 : covered + behind;
    }

    private void restore(Entry entry) {
        entry.covered += covered;
        covered = 0;
        pending.add(entry);
        pendingCovered += entry.covered;
        pendingData += entry.type.isBuffer() ? 1 : 0;
    }

    /** There was no room for what should be retained. */
    public void giveUp() {
        store.gaveUp();
        forget();
    }

    /** What was retained is dropped, and nothing is retained any more. */
    public void forget() {
        if (retained != null) {
            retained.forEach(Entry::free);
            retained = null;
        }
    }

    /** Everything is dropped. */
    public void clear() {
        forget();
        pending.forEach(Entry::free);
        pending.clear();
        pendingCovered = 0;
        pendingData = 0;
        covered = 0;
    }
}
