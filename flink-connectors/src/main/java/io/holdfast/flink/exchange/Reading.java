package io.holdfast.flink.exchange;

import java.util.Optional;
import java.util.Queue;
import javax.annotation.Nullable;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.HoldfastReport;
import org.apache.flink.runtime.shuffle.StreamPosition;

/**
 * What is read through one attachment to an attempt of a producer: where it began, how far it has come, where barriers
 * lay, and what was dropped. It ends when its link does; the next attachment is another reading.
 *
 * <p>Not thread-safe: its stream guards it.
 */
final class Reading {

    private final RecordScanner scanner = new RecordScanner();
    private final WholeRecords whole = new WholeRecords(scanner);
    private final BarrierPositions barriers = new BarrierPositions();
    private StreamPosition start = StreamPosition.START;
    private StreamPosition dropped = StreamPosition.START;

    /** What comes first through this attachment but was read through an earlier one. */
    private StreamPosition known = StreamPosition.START;

    private long knownBytesToCome;

    /** The producer has said where its stream begins. */
    private boolean greeted;

    /** The producer has said where its stream begins for this reader. */
    void greeted(AttachedEvent greeting) {
        greeted(greeting, StreamPosition.START, greeting.idle());
    }

    /**
     * The same, if it begins with what was read before.
     *
     * @param read what of it was, up to the end of a record; it is recycled when it comes
     * @param idle whether the producer was idle then
     */
    void greeted(AttachedEvent greeting, StreamPosition read, boolean idle) {
        start = greeting.start().plus(read);
        known = read;
        knownBytesToCome = read.bytes();
        scanner.begin(greeting.watermark(), idle);
        greeted = true;
    }

    /**
     * Takes over {@code buffer} and adds what is complete to {@code out}, whose owner recycles it.
     *
     * @param records what {@link SequenceWord#records} says
     */
    void pass(Buffer buffer, int records, Queue<Buffer> out) {
        if (knownBytesToCome == 0) {
            whole.accept(buffer, records, out);
            return;
        }
        Buffer rest = withoutKnown(buffer);
        if (rest != null) {
            whole.accept(rest, SequenceWord.UNKNOWN, out);
        }
    }

    private @Nullable Buffer withoutKnown(Buffer buffer) {
        int size = buffer.readableBytes();
        int skipped = (int) Math.min(size, knownBytesToCome);
        knownBytesToCome -= skipped;
        if (skipped == size) {
            buffer.recycleBuffer();
            return null;
        }
        return buffer.readOnlySlice(buffer.getReaderIndex() + skipped, size - skipped); // owns the buffer now
    }

    /** Takes over {@code buffer}, which came too late for the task: counts and recycles it. */
    void drop(Buffer buffer) {
        Buffer late = withoutKnown(buffer);
        if (late != null) {
            StreamPosition before = scanner.position();
            scanner.scan(late.getNioBufferReadable());
            dropped = dropped.plus(scanner.position().minus(before));
            late.recycleBuffer();
        }
    }

    /** The barrier of {@code checkpointId} is read now. */
    void barrier(long checkpointId) {
        barriers.put(checkpointId, scanner.position());
    }

    /** Bytes that were read through this attachment, also what was known, without a record that is held back. */
    long bytes() {
        return known.bytes() + scanner.bytes();
    }

    /** The same in records. */
    long records() {
        return known.records() + scanner.records();
    }

    /** What came too late for the task so far. */
    StreamPosition dropped() {
        return dropped;
    }

    /** Whether the producer has last said that it is idle. */
    boolean idle() {
        return scanner.idle();
    }

    /**
     * Nothing more comes: forgets the record that is under way.
     *
     * @param attempt number of the producer's attempt
     * @return what was read of it; empty if it never said where its stream begins
     */
    Optional<HoldfastReport.Read> end(int attempt) {
        whole.abandonRecord();
        if (!greeted) {
            return Optional.empty();
        }
        return Optional.of(
                new HoldfastReport.Read(attempt, start, scanner.position().minus(dropped), barriers.copy(), dropped));
    }
}
