package io.holdfast.flink.exchange;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.Supplier;
import javax.annotation.Nullable;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.shuffle.StreamPosition;

/**
 * Knows where in a stream of records its buffers begin, and so where the stream stands that has left a subpartition.
 * Records are counted when they are written, one by one and in the cache of the task that writes them; whoever sends
 * the buffers counts their bytes only. A buffer's content is looked at in two cases: when it is asked where the stream
 * stands and the first buffer in the queue has left in part, and when the last buffer leaves before the next is begun.
 *
 * <p>{@link #writing} is called by the task thread alone and takes no lock. All else is guarded by the subpartition's
 * {@code buffers}; the task thread holds it in {@link #added}, which hands over what was counted.
 */
public final class OutgoingStream {

    /**
     * Where the stream stands.
     *
     * @param position what lies before the place; undefined in the middle of a record
     * @param midRecord whether the place is in the middle of a record
     * @param watermark the last one before it, in milliseconds; {@link Long#MIN_VALUE} if there was none
     * @param idle whether the last watermark status before it was idle
     */
    public record Place(StreamPosition position, boolean midRecord, long watermark, boolean idle) {

        private static final Place START = new Place(StreamPosition.START, false, Long.MIN_VALUE, false);

        /** Number of records from {@code begin} to here, if they are {@code size} bytes and nothing else happened. */
        private int recordsSince(Place begin, int size) {
            boolean nothingElse = !midRecord
                    && position.bytes() - begin.position.bytes() == size
                    && watermark == begin.watermark
                    && idle == begin.idle;
            return nothingElse ? (int) (position.records() - begin.position.records()) : SequenceWord.UNKNOWN;
        }

        private Place inRecord() {
            return new Place(position, true, watermark, idle);
        }

        private static Place of(RecordScanner scanner) {
            return new Place(scanner.position(), scanner.midRecord(), scanner.watermark(), scanner.idle());
        }
    }

    /**
     * The beginning of a buffer or event in the queue.
     *
     * @param offset bytes of the stream before it
     * @param data whether it is a buffer of records
     * @param rest bytes at its beginning that belong to a record of the buffer before
     * @param first where the first record that begins in it does; only valid if {@code rest} ends in it
     * @param restEnds whether {@code rest} ends in it; true if there is none
     */
    private record Start(long offset, boolean data, int rest, Place first, boolean restEnds) {}

    // ---- written by the task thread

    private ByteBuffer current;
    private int currentBytes;
    private boolean currentCounts;
    private Place beforeControl = Place.START;

    private long records;
    private long bytes;
    private long watermark = Long.MIN_VALUE;
    private boolean idle;

    // ---- guarded

    private final ArrayDeque<Start> queue = new ArrayDeque<>();
    private long removed;
    private long leftBytes;

    /** Where the stream stands when the queue is empty. */
    private Place tail = Place.START;

    /** Where the buffer or event that left last began. */
    private Start source;

    /** Whether nothing of that buffer had left before. */
    private boolean fromItsBeginning;

    private int recordsOfLast;

    /** What has left since the place that {@link #rewind} goes back to; null if it goes back nowhere. */
    private @Nullable ArrayDeque<Start> history;

    private long bytesBeforeHistory;

    /** Task thread. {@code record} is written next, from its length prefix on. */
    public void writing(ByteBuffer record) {
        if (current != record) { // most often it is the serializer's own one
            current = record;
        }
        currentBytes = record.remaining();
        currentCounts = RecordScanner.isRecord(record.get(record.position() + RecordScanner.LENGTH_BYTES));
        if (currentCounts) {
            records++;
        } else {
            beforeControl = written();
            control(record);
        }
        bytes += currentBytes;
    }

    private void control(ByteBuffer element) {
        RecordScanner scanner = new RecordScanner(beforeControl.position, watermark, idle);
        scanner.scan(element);
        watermark = scanner.watermark();
        idle = scanner.idle();
    }

    /**
     * Task thread. A buffer is added to the queue.
     *
     * @param data whether it is one of records
     * @param rest bytes at its beginning that belong to the record that is being written
     */
    public void added(boolean data, int rest) {
        if (!data) {
            queue.add(new Start(bytes, false, 0, written(), true));
        } else if (rest == 0) { // the record that is being written begins here
            queue.add(new Start(bytes - currentBytes, true, 0, beforeCurrent(), true));
        } else { // its rest, all or in part, is in the buffer
            int missing = current.remaining();
            queue.add(new Start(bytes - missing - rest, true, rest, written(), missing == 0));
        }
    }

    private Place written() {
        return new Place(new StreamPosition(records, bytes), false, watermark, idle);
    }

    private Place beforeCurrent() {
        return currentCounts
                ? new Place(new StreamPosition(records - 1, bytes - currentBytes), false, watermark, idle)
                : beforeControl;
    }

    /** Any thread. Whether a buffer that has left in part, or nothing, is the only thing in the queue. */
    public boolean isDownToOneBuffer() {
        return queue.size() == 1 && queue.peek().data;
    }

    /**
     * Any thread. Something was taken from the queue.
     *
     * @param left what has left; null if it was nothing, for what was taken had left before
     * @param gone how many buffers and events are no longer in the queue, of all that were ever added
     * @param only what the only buffer in the queue held before, if {@link #isDownToOneBuffer}
     */
    public void took(@Nullable Buffer left, long gone, @Nullable ByteBuffer only) {
        int bytes = left == null ? 0 : left.readableBytes();
        boolean data = left != null && left.isBuffer();
        Start last = leave(left != null, data, bytes, gone);
        if (last != null && queue.isEmpty()) {
            tail = last.data ? placeIn(last, left == null ? only : wholeBuffer(left, last)) : last.first;
        }
        count(data, bytes);
    }

    /**
     * Any thread. Something was taken from what was kept of the queue elsewhere, once or again.
     *
     * @param data whether it is one of records
     * @param bytes its length
     * @param gone how many buffers and events are no longer in the queue or kept, of all that were ever added
     * @param behind where the stream stands behind it, if nothing else is in the queue or kept
     */
    public void tookKept(boolean data, int bytes, long gone, @Nullable Place behind) {
        Start last = leave(true, data, bytes, gone);
        if (last != null && queue.isEmpty()) {
            tail = last.data
                    ? Objects.requireNonNull(behind, "the last buffer was kept, and left for the first time")
                    : last.first;
        }
        count(data, bytes);
    }

    /** Returns the last of what is in the queue no more; null if all of it still is. */
    private Start leave(boolean something, boolean data, int bytes, long gone) {
        long before = leftBytes;
        Start last = null;
        while (removed < gone) {
            last = queue.remove();
            removed++;
            if (history != null) {
                history.add(last);
            }
        }
        Start head = queue.peek();
        if (something) {
            source = last;
            if (data) {
                if (last == null || head != null && head.data && head.offset == before) {
                    source = head; // the queue still has it: it has left in part
                }
                fromItsBeginning = before == source.offset;
                leftBytes += bytes;
            }
        }
        return last;
    }

    private void count(boolean data, int bytes) {
        Start head = queue.peek();
        recordsOfLast = data && source.rest == 0
                ? (head == null ? tail : head.first).recordsSince(source.first, bytes)
                : SequenceWord.UNKNOWN;
    }

    // ---- going back

    /** Any thread. From now on it is known what leaves: {@link #rewind} goes back to here, a place between two buffers. */
    public void remember() {
        history = new ArrayDeque<>();
        bytesBeforeHistory = leftBytes;
    }

    /** Any thread. All that has left since {@link #remember} is back in the queue, and will leave again. */
    public void rewind() {
        while (!history.isEmpty()) {
            queue.addFirst(history.removeLast());
            removed--;
        }
        leftBytes = bytesBeforeHistory;
        history = null;
    }

    /** Any thread. Nothing goes back any more. */
    public void forget() {
        history = null;
    }

    /** Any thread. Where the stream stands, if all of it has left; else null. */
    @Nullable
    public Place end() {
        return queue.isEmpty() ? tail : null;
    }

    /** From the beginning of the buffer that {@code slice} is the last part of. */
    private ByteBuffer wholeBuffer(Buffer slice, Start start) {
        int bytesInBuffer = (int) (leftBytes - start.offset);
        return slice.getMemorySegment()
                .wrap(slice.getMemorySegmentOffset() + slice.readableBytes() - bytesInBuffer, bytesInBuffer);
    }

    /** Any thread. The queue was dropped: nothing more will leave. */
    public void clear() {
        queue.clear();
        history = null;
    }

    /**
     * Any thread. Where the stream that has left stands.
     *
     * @param firstInQueue gives what was written to the first buffer in the queue
     */
    public Place place(Supplier<ByteBuffer> firstInQueue) {
        Start head = queue.peek();
        if (head == null) {
            return tail;
        }
        int left = (int) (leftBytes - head.offset);
        if (head.data && left > 0) {
            ByteBuffer first = firstInQueue.get();
            return placeIn(head, first.slice(first.position(), left));
        }
        return head.rest == 0 ? head.first : head.first.inRecord();
    }

    /** Where the stream stands behind {@code beginning} of a buffer. */
    private static Place placeIn(Start start, ByteBuffer beginning) {
        if (!start.restEnds) {
            return start.first.inRecord();
        }
        RecordScanner scanner = new RecordScanner(start.first.position, start.first.watermark, start.first.idle);
        scanner.scan(beginning.slice(beginning.position() + start.rest, beginning.remaining() - start.rest));
        return Place.of(scanner);
    }

    /** Any thread. Bytes of the stream that have left. */
    public long leftBytes() {
        return leftBytes;
    }

    /**
     * Any thread. Number of records of what left last; {@link SequenceWord#UNKNOWN} unless it was a whole buffer that
     * began and ended with a whole record and left watermark and status as they were.
     */
    public int recordsOfLast() {
        return recordsOfLast;
    }

    /** Any thread. Of the buffer that left last: bytes that belong to a record of the buffer before. */
    public int restOfLast() {
        return fromItsBeginning ? source.rest : 0;
    }

    /** Any thread. Whether that rest ended in the buffer. */
    public boolean restOfLastEnded() {
        return source.restEnds;
    }

    /** Any thread. Where the event that left last lies, or the first record that began in the buffer that left last. */
    public Place firstOfLast() {
        return source.first;
    }
}
