package io.holdfast.flink.exchange;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;
import javax.annotation.Nullable;
import org.apache.flink.runtime.event.AbstractEvent;
import org.apache.flink.runtime.io.network.api.CancelCheckpointMarker;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.EndOfData;
import org.apache.flink.runtime.io.network.api.EndOfPartitionEvent;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.io.network.api.serialization.EventSerializer;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.StreamPosition;

/**
 * The one stream that a task reads from all attempts of a producer. Decides what the task hears: whole records, each
 * end once, and between two attempts that a checkpoint will not be completed, or that the producer is active again.
 *
 * <p>Not thread-safe, but for {@link #draining}: its channel guards it, and each method is called by a holder of the
 * channel's lock. No locks of its own; nothing it calls may block. Happens-before of {@code draining}, which is
 * volatile: see the channel.
 */
public final class ConsumedStream {

    /**
     * The way back to where the element that is being read came from. Called on the thread and under the locks of the
     * stream's caller.
     */
    public interface Upstream {
        /** The producer has said where its stream begins. */
        void greeted();

        /** The task gets the barrier; if the producer {@code waits} behind it, the task will let it go on. */
        void barrierPassed(boolean waits);

        /** The producer waits behind a barrier that the task does not get: lets it go on. */
        void resumeSoon();

        /** The task gets the end of data, and will acknowledge it. */
        void endOfDataPassed();

        /** The task got its end of data before: acknowledges this one. */
        void acknowledgeSoon();

        /** The task gets the end of the partition. */
        void endOfPartitionPassed();

        /** The task got its end of the partition before: nothing more is read from the link. */
        void closeSoon();
    }

    private final TaskExchange task;
    private final Upstream upstream;
    private final AttachmentReport report;
    private final BooleanSupplier allDataRead;

    /** What the task gets next. */
    private final ArrayDeque<Buffer> out = new ArrayDeque<>();

    /**
     * How far the stream of an attempt of the producer was read.
     *
     * @param idle whether the producer was idle there
     */
    private record Read(int attempt, StreamPosition end, boolean idle) {}

    private Reading reading = new Reading();

    /** Through the attachment before; null if there was none. */
    private @Nullable Read before;

    private long lastBarrier = -1;

    /** The last barrier that the task got, while {@code lastBarrier} is also one that it will not get any more. */
    private long delivered = -1;

    private boolean endOfData;
    private boolean endOfPartition;
    private boolean closed;

    /** No barrier comes on this channel: it has lost its producer, and no other attempt has greeted it yet. */
    private boolean away;

    /** The task has read everything; a restarted producer is only listened to until it ends. */
    private volatile boolean draining;

    /** TaskExecutor main thread. {@code allDataRead}: whether all channels of the gate have come to the end of data. */
    public ConsumedStream(TaskExchange task, Upstream upstream, AttachmentReport report, BooleanSupplier allDataRead) {
        this.task = task;
        this.upstream = upstream;
        this.report = report;
        this.allDataRead = allDataRead;
    }

    // ------------------------------------------------------------------ what comes in

    /**
     * Takes over {@code buffer}, of data or with an event, and adds what the task hears of it.
     *
     * @param records what {@link SequenceWord#records} says
     */
    public void accept(Buffer buffer, int records) throws IOException {
        if (buffer.isBuffer()) {
            data(buffer, records);
        } else {
            event(buffer);
        }
    }

    private void data(Buffer buffer, int records) {
        if (endOfData && (draining || allDataRead.getAsBoolean())) {
            reading.drop(buffer);
        } else {
            reading.pass(buffer, records, out);
        }
    }

    private void event(Buffer buffer) throws IOException {
        AbstractEvent event = EventSerializer.fromSerializedEvent(
                buffer.getNioBufferReadable(), getClass().getClassLoader());
        if (event instanceof CheckpointBarrier barrier) {
            barrier(buffer, barrier.getId(), isSavepoint(barrier));
        } else if (event instanceof AttachedEvent attached) {
            buffer.recycleBuffer();
            attached(attached);
        } else if (event instanceof EndOfData) {
            if (endOfData) { // of an attempt that came after one that had got this far
                buffer.recycleBuffer();
                report.dropped(reading.dropped());
                upstream.acknowledgeSoon();
            } else {
                endData(buffer);
            }
        } else if (event instanceof EndOfPartitionEvent) {
            if (endOfPartition) {
                buffer.recycleBuffer();
                upstream.closeSoon();
            } else {
                endPartition(buffer);
            }
        } else {
            out.add(buffer);
        }
    }

    /** Any thread. Nobody stops behind the barrier of a savepoint, and nothing is held: it is not what tasks start from again. */
    public static boolean isSavepoint(CheckpointBarrier barrier) {
        return barrier.getCheckpointOptions().getCheckpointType().isSavepoint();
    }

    private void barrier(Buffer buffer, long id, boolean savepoint) {
        reading.barrier(id);
        lastBarrier = Math.max(lastBarrier, id);
        boolean waits = buffer.getDataType().isBlockingUpstream();
        // A barrier that cannot be aligned, for an input of this task was replaced since or is away, is not waited for.
        if (draining || id <= task.fence() || task.anyAway()) {
            buffer.recycleBuffer();
            if (waits) {
                upstream.resumeSoon();
            }
            if (!draining) {
                cancelCheckpoint(id);
            }
        } else {
            task.barrierSeen(id, savepoint);
            delivered = savepoint ? delivered : Math.max(delivered, id);
            upstream.barrierPassed(waits);
            out.add(buffer);
        }
    }

    private void attached(AttachedEvent event) {
        StreamPosition known = known(event);
        boolean idle = known.isZero() ? event.idle() : before.idle;
        reading.greeted(event, known, idle);
        away(false);
        upstream.greeted();
        report.attached(event.attempt(), event.start().plus(known), event.barriers(), event.endOfPartition(), false);
        if (!endOfPartition) {
            if (event.lastBarrier() >= 0) {
                cancelCheckpoint(event.lastBarrier());
            }
            if (event.watermark() > Long.MIN_VALUE && known.isZero()) {
                out.add(StreamElements.watermark(event.watermark()));
            }
            if (idle) {
                out.add(StreamElements.idle());
            }
        }
        event.endOfData().ifPresent(this::sayEndOfData);
        if (event.endOfPartition()) {
            sayEndOfPartition();
        }
    }

    /**
     * What the producer sends again. It keeps what the consumer of a moved subpartition reads, for another attempt of that
     * consumer; this one has only lost its connection.
     */
    private StreamPosition known(AttachedEvent event) {
        boolean again = before != null
                && before.attempt == event.attempt()
                && before.end.bytes() > event.start().bytes();
        return again ? before.end.minus(event.start()) : StreamPosition.START;
    }

    // ------------------------------------------------------------------ what happens in between

    /** The link was cut; what it had received is still to be read. No barrier comes until the next greeting. */
    public void linkCut() {
        away(true);
    }

    /** Nothing more comes from what was read so far, which was attempt {@code attempt} of the producer. */
    public void brokenOff(int attempt) {
        boolean wasIdle = reading.idle();
        reading.end(attempt).ifPresent(read -> {
            report.ended(read);
            before = new Read(attempt, read.start().plus(read.read()).plus(read.dropped()), wasIdle);
        });
        reading = new Reading();
        if (endOfPartition) {
            return;
        }
        cancelWhatWaitsForThis();
        if (wasIdle && !endOfData) { // or the next attempt's watermarks would be ignored
            out.add(StreamElements.active());
        }
    }

    /** The fence was raised: a checkpoint that waits for this channel's barrier waits in vain. */
    public void fenced() {
        cancelWhatWaitsForThis();
    }

    /** The producer had finished, in attempt {@code attempt}, and its partition is gone. */
    public void producerGone(int attempt) {
        report.attached(attempt, StreamPosition.START, new BarrierPositions(), true, true);
        if (!endOfData) {
            out.add(StreamElements.watermark(Long.MAX_VALUE));
        }
        sayEndOfData(StopMode.DRAIN);
        sayEndOfPartition();
    }

    // ------------------------------------------------------------------ what goes out

    /** Whether there is something for the task. */
    public boolean hasNext() {
        return !out.isEmpty();
    }

    /** What the task gets next, and recycles. */
    public Buffer next() {
        return out.remove();
    }

    /** Whether the last barrier that the task got was that of checkpoint {@code id}, or it got the end of the partition. */
    public boolean isBehind(long id) {
        return delivered == id || endOfPartition;
    }

    /** Bytes that were read through the attachment that is read now; all of them are out if nothing is next. */
    public long readBytes() {
        return reading.bytes();
    }

    /** The same in records. */
    public long readRecords() {
        return reading.records();
    }

    /** Recycles what nobody will read. */
    public void discard() {
        out.forEach(Buffer::recycleBuffer);
        out.clear();
    }

    /** From now on the stream is only followed to its end, and its caller discards what comes out. */
    public void drain() {
        draining = true;
    }

    /** Any thread. Whether the task has read everything. */
    public boolean draining() {
        return draining;
    }

    /** The task reads no more. */
    public void close() {
        closed = true;
        away(false);
        discard();
    }

    // ------------------------------------------------------------------ its words

    /** The last barrier that the task has seen will not come on this channel, if it has not come before. */
    private void cancelWhatWaitsForThis() {
        long seen = Math.max(task.lastBarrier(), task.fence()); // its consumers may have seen it elsewhere
        if (seen > lastBarrier && !endOfPartition) {
            lastBarrier = seen;
            cancelCheckpoint(seen);
        }
    }

    private void cancelCheckpoint(long id) {
        out.add(eventBuffer(new CancelCheckpointMarker(id)));
    }

    private void sayEndOfData(StopMode mode) {
        if (endOfData) {
            upstream.acknowledgeSoon();
        } else {
            endData(eventBuffer(new EndOfData(mode)));
        }
    }

    private void endData(Buffer event) {
        endOfData = true;
        upstream.endOfDataPassed();
        out.add(event);
    }

    private void sayEndOfPartition() {
        if (endOfPartition) {
            upstream.closeSoon();
        } else {
            endPartition(eventBuffer(EndOfPartitionEvent.INSTANCE));
        }
    }

    private void endPartition(Buffer event) {
        endOfPartition = true;
        upstream.endOfPartitionPassed();
        away(false);
        out.add(event);
    }

    private void away(boolean lost) {
        boolean now = lost && !closed && !endOfPartition;
        if (away != now) {
            away = now;
            task.away(now);
        }
    }

    private static Buffer eventBuffer(AbstractEvent event) {
        try {
            return EventSerializer.toBuffer(event, false);
        } catch (IOException e) {
            throw new IllegalStateException("An event cannot be written to memory", e);
        }
    }
}
