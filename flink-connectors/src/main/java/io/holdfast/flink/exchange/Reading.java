package io.holdfast.flink.exchange;

import java.util.Optional;
import java.util.Queue;
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

    /** The producer has said where its stream begins. */
    private boolean greeted;

    /** The producer has said where its stream begins for this reader. */
    void greeted(AttachedEvent greeting) {
        start = greeting.start();
        scanner.begin(greeting.watermark(), greeting.idle());
        greeted = true;
    }

    /**
     * Takes over {@code buffer} and adds what is complete to {@code out}, whose owner recycles it.
     *
     * @param records what {@link SequenceWord#records} says
     */
    void pass(Buffer buffer, int records, Queue<Buffer> out) {
        whole.accept(buffer, records, out);
    }

    /** Takes over {@code buffer}, which came too late for the task: counts and recycles it. */
    void drop(Buffer buffer) {
        StreamPosition before = scanner.position();
        scanner.scan(buffer.getNioBufferReadable());
        dropped = dropped.plus(scanner.position().minus(before));
        buffer.recycleBuffer();
    }

    /** The barrier of {@code checkpointId} is read now. */
    void barrier(long checkpointId) {
        barriers.put(checkpointId, scanner.position());
    }

    /** Bytes of the stream that were read since its beginning, without a record that is held back. */
    long bytes() {
        return scanner.bytes();
    }

    /** The same in records. */
    long records() {
        return scanner.records();
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
