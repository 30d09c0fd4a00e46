package io.holdfast.flink.exchange;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Queue;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.buffer.FreeingBufferRecycler;
import org.apache.flink.runtime.io.network.buffer.NetworkBuffer;

/**
 * Cuts a stream of network buffers at record boundaries, so that the task's deserializer never holds half a record and
 * the stream may be swapped for another one between any two buffers. A record that is split over buffers is put
 * together on the heap; all others pass as slices of the buffer they came in.
 *
 * <p>Not thread-safe: its channel guards it.
 */
public final class WholeRecords {

    private final RecordScanner scanner;
    private byte[] tail = new byte[0];
    private int tailFill;

    /** {@code scanner} sees every byte once; its position counts what came in, whether passed on or still held back. */
    public WholeRecords(RecordScanner scanner) {
        this.scanner = scanner;
    }

    /**
     * Takes over {@code buffer} and adds what is complete to {@code out}: zero to two buffers, which {@code out}'s owner
     * recycles.
     *
     * @param records what the producer said of the number of whole records in it, if nothing else is in it, or {@link
     *     SequenceWord#UNKNOWN}
     */
    public void accept(Buffer buffer, int records, Queue<Buffer> out) {
        if (records != SequenceWord.UNKNOWN) {
            scanner.passed(records, buffer.readableBytes());
            out.add(buffer);
            return;
        }
        ByteBuffer bytes = buffer.getNioBufferReadable();
        int size = bytes.remaining();
        int lastEnd = scanner.scan(bytes);
        if (tailFill == 0 && lastEnd == size) {
            out.add(buffer);
            return;
        }
        int from = 0;
        if (tailFill > 0 && lastEnd > 0) {
            from = scanner.firstEnd();
            hold(bytes, 0, from);
            out.add(heapBuffer());
        }
        if (lastEnd < size) {
            hold(bytes, Math.max(from, lastEnd), size);
        }
        if (lastEnd > from) {
            out.add(buffer.readOnlySlice(buffer.getReaderIndex() + from, lastEnd - from)); // owns the buffer from here
        } else {
            buffer.recycleBuffer();
        }
    }

    /** Forgets the record that is under way: its remainder will never come. */
    public void abandonRecord() {
        tailFill = 0;
        scanner.abandonRecord();
    }

    private void hold(ByteBuffer bytes, int from, int to) {
        int added = to - from;
        if (tail.length < tailFill + added) {
            byte[] larger = new byte[Math.max(tailFill + added, 2 * tail.length)];
            System.arraycopy(tail, 0, larger, 0, tailFill);
            tail = larger;
        }
        bytes.get(bytes.position() + from, tail, tailFill, added);
        tailFill += added;
    }

    private Buffer heapBuffer() {
        byte[] record = Arrays.copyOf(tail, tailFill);
        tailFill = 0;
        return new NetworkBuffer(
                MemorySegmentFactory.wrap(record),
                FreeingBufferRecycler.INSTANCE,
                Buffer.DataType.DATA_BUFFER,
                record.length);
    }
}
