package org.apache.flink.runtime.io.network.partition;

import io.holdfast.flink.autopartition.Receivers;
import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.exchange.ConsumedStream;
import io.holdfast.flink.exchange.OutgoingStream;
import io.holdfast.flink.exchange.SequenceWord;
import io.holdfast.flink.inflight.Hold;
import io.holdfast.flink.inflight.InFlightLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import javax.annotation.Nullable;
import javax.annotation.concurrent.GuardedBy;
import org.apache.flink.runtime.event.AbstractEvent;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.EndOfData;
import org.apache.flink.runtime.io.network.api.EndOfPartitionEvent;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.io.network.api.serialization.EventSerializer;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.buffer.BufferConsumer;
import org.apache.flink.runtime.io.network.partition.ResultSubpartition.BufferAndBacklog;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What leaves a {@link HoldfastSubpartition}, and where its stream stands: first what is kept of it outside the network's
 * buffers, then the queue. What lies behind a barrier may be held for the next consumer; then buffers leave the queue for
 * the log, so that the producer need not wait, and what that consumer reads is retained until it need not be read again.
 *
 * <pre>
 *   the stream:   [ retained: left, but may leave again ][ kept: not left ][ queue: not left ]
 *                 ^ a barrier behind which it was held                      buffers of the network
 * </pre>
 *
 * <p>Here because the queue, {@code isBlocked} and {@code sequenceNumber} are package-private.
 *
 * <p>Locks: each method is called by a holder of the subpartition's lock, {@code buffers}, unless it says otherwise. None
 * calls out.
 */
final class HoldfastOutflow {

    private static final Logger LOG = LoggerFactory.getLogger(HoldfastOutflow.class);

    /** Buffers that stay in the queue while things are held: the open one, and one that is full. */
    private static final int HELD_IN_QUEUE = 2;

    /** Instead of a barrier that will not come again. */
    private static final long NONE_MISSED = -1;

    /** Where a consumer begins for which things are held, and what had left before. */
    private record Mark(long barrier, StopMode endOfData, boolean endOfPartition) {}

    private final HoldfastSubpartition subpartition;
    private final int bufferBytes;

    /** What the producer knows of its consumers, if it chooses among them. */
    private final @Nullable Receivers receivers;

    private final OutgoingStream stream = new OutgoingStream();
    private final BarrierPositions barriers = new BarrierPositions();
    private long lastBarrier = NONE_MISSED;
    private @Nullable StopMode endOfData;
    private boolean endOfPartition;

    private final Hold hold = new Hold();
    private final InFlightLog log;
    private Mark mark;

    /** There was no room in the log, and it has not told yet that there is. */
    private boolean logIsFull;

    /** TaskExecutor main thread, while the task is created. */
    HoldfastOutflow(HoldfastSubpartition subpartition, HoldfastResultPartition partition) {
        this.subpartition = subpartition;
        this.bufferBytes = partition.bufferBytes();
        this.receivers = partition.receivers();
        this.log = new InFlightLog(partition.inFlight());
    }

    // ------------------------------------------------------------------ what comes in

    /** Producer's task thread, without the lock. {@code record} is written next, from its length prefix on. */
    void writing(ByteBuffer record) {
        stream.writing(record);
    }

    /** Producer's task thread. See {@link OutgoingStream#added}. */
    @GuardedBy("buffers")
    void added(boolean data, int rest) {
        stream.added(data, rest);
    }

    // ------------------------------------------------------------------ what leaves

    /**
     * What leaves next, whether a consumer gets it or nobody; null if nothing does now.
     *
     * @throws IOException if what was kept cannot be read
     */
    @GuardedBy("buffers")
    @Nullable
    BufferAndBacklog take() throws IOException {
        if (!log.isEmpty()) {
            return takeFromLog();
        }
        if (log.retains() && log.isBehind(bufferBytes)) { // the consumer reads faster than what it reads is kept
            awaitRoom();
            return null;
        }
        return takeFromQueue();
    }

    @GuardedBy("buffers")
    private BufferAndBacklog takeFromQueue() {
        // The one buffer may go with this and leave nothing; it is kept until that was looked at.
        Buffer only = subpartition.buffers.size() == 1 && stream.isDownToOneBuffer() ? firstInQueue() : null;
        try {
            int before = subpartition.buffers.size();
            BufferAndBacklog next = subpartition.pollQueue();
            stream.took(next == null ? null : next.buffer(), gone(), only == null ? null : only.getNioBufferReadable());
            if (log.retains()) {
                retain(next == null ? null : next.buffer(), before - subpartition.buffers.size());
            }
            if (next != null) {
                left(next.buffer());
            }
            return next;
        } finally {
            if (only != null) {
                only.recycleBuffer();
            }
        }
    }

    @GuardedBy("buffers")
    private BufferAndBacklog takeFromLog() throws IOException {
        if (subpartition.isBlocked) {
            return null;
        }
        Buffer next = log.next();
        boolean retained = log.left();
        stream.tookKept(next.isBuffer(), next.readableBytes(), gone(), log.end());
        if (!retained) {
            giveUpRetaining();
        }
        subpartition.isBlocked = next.getDataType().isBlockingUpstream();
        left(next);
        return new BufferAndBacklog(
                next, subpartition.backlog(), subpartition.nextType(), subpartition.sequenceNumber++);
    }

    /** Nobody reads: everything is lost that can leave. */
    @GuardedBy("buffers")
    void discard() {
        if (subpartition.isReleased) {
            return;
        }
        skipLog();
        int sequence = subpartition.sequenceNumber;
        while (true) {
            subpartition.isBlocked = false;
            BufferAndBacklog next = takeFromQueue();
            if (next == null) {
                break;
            }
            next.buffer().recycleBuffer();
        }
        subpartition.sequenceNumber = sequence;
    }

    /** Buffers and events that have left, of all that were ever added. */
    @GuardedBy("buffers")
    private long gone() {
        return subpartition.getTotalNumberOfBuffersUnsafe() - subpartition.buffers.size() - log.covered();
    }

    @GuardedBy("buffers")
    private void left(Buffer buffer) {
        if (!buffer.isBuffer()) {
            follow(buffer);
        }
        if (receivers != null) {
            receivers.left(subpartition.getSubPartitionIndex(), stream.leftBytes());
        }
    }

    @GuardedBy("buffers")
    private void follow(Buffer buffer) {
        AbstractEvent event = event(buffer);
        if (event instanceof CheckpointBarrier barrier) {
            lastBarrier = Math.max(lastBarrier, barrier.getId());
            barriers.put(barrier.getId(), stream.firstOfLast().position());
            if (log.retains()) {
                log.retainedBarrier(barrier.getId());
            }
            if (!ConsumedStream.isSavepoint(barrier) && hold.barrierLeft(barrier.getId())) {
                held(barrier.getId());
            }
        } else if (event instanceof EndOfData end) {
            endOfData = end.getStopMode();
        } else if (event instanceof EndOfPartitionEvent) {
            endOfPartition = true;
        }
    }

    private AbstractEvent event(Buffer buffer) {
        try {
            return EventSerializer.fromSerializedEvent(
                    buffer.getNioBufferReadable(), getClass().getClassLoader());
        } catch (IOException e) {
            throw new UncheckedIOException("An event that this process wrote cannot be read", e);
        }
    }

    // ------------------------------------------------------------------ where the stream stands

    /** Where the stream stands that has left. */
    @GuardedBy("buffers")
    OutgoingStream.Place place() {
        return stream.place(() -> {
            Buffer first = firstInQueue();
            try {
                return first.getNioBufferReadable(); // which stays as long as the queue has it
            } finally {
                first.recycleBuffer();
            }
        });
    }

    /** What was written to the first buffer in the queue, whether it has left or not. The caller recycles it. */
    @GuardedBy("buffers")
    private Buffer firstInQueue() {
        try (BufferConsumer again =
                subpartition.buffers.peek().getBufferConsumer().copyWithReaderPosition(0)) {
            return again.build();
        }
    }

    /** Bytes that have left. */
    @GuardedBy("buffers")
    long leftBytes() {
        return stream.leftBytes();
    }

    /** Sequence word of what was taken last. */
    @GuardedBy("buffers")
    int wordOfLast(int sequenceNumber) {
        return SequenceWord.of(sequenceNumber, stream.recordsOfLast());
    }

    /** Of what was taken last: see {@link OutgoingStream#restOfLastEnded}. */
    @GuardedBy("buffers")
    boolean restOfLastEnded() {
        return stream.restOfLastEnded();
    }

    /** Of what was taken last: see {@link OutgoingStream#restOfLast}. */
    @GuardedBy("buffers")
    int restOfLast() {
        return stream.restOfLast();
    }

    /** Of what was taken last: see {@link OutgoingStream#firstOfLast}. */
    @GuardedBy("buffers")
    OutgoingStream.Place firstOfLast() {
        return stream.firstOfLast();
    }

    /** Where barriers lie that have left; changes. */
    @GuardedBy("buffers")
    BarrierPositions barriers() {
        return barriers;
    }

    /** How the producer's data has ended, if that has left. */
    @GuardedBy("buffers")
    @Nullable
    StopMode endOfData() {
        return endOfData;
    }

    /** Whether the end of the stream has left. */
    @GuardedBy("buffers")
    boolean endOfPartition() {
        return endOfPartition;
    }

    // ------------------------------------------------------------------ what is kept

    /** Whether the queue is all there is. */
    @GuardedBy("buffers")
    boolean keepsNothing() {
        return log.isEmpty();
    }

    /** Type of what is kept and leaves next. */
    @GuardedBy("buffers")
    Buffer.DataType typeOfKept() {
        return log.nextType();
    }

    /** Any thread; exact under the lock. Buffers of records that are kept. */
    int keptBuffers() {
        return log.dataBuffers();
    }

    /** The stream ends: nothing leaves any more. */
    @GuardedBy("buffers")
    void clear() {
        log.clear();
        stream.clear();
    }

    /** What was kept and has not left is lost. */
    @GuardedBy("buffers")
    private void skipLog() {
        stopRetaining();
        while (!log.isEmpty()) {
            boolean data = log.nextType().isBuffer();
            int bytes = log.nextBytes();
            Buffer event = data ? null : log.nextEvent();
            log.left();
            stream.tookKept(data, bytes, gone(), log.end());
            if (event != null) {
                follow(event);
                event.recycleBuffer();
            }
        }
    }

    // ------------------------------------------------------------------ holding

    /** Behind the first barrier of a checkpoint {@code from} or later nothing leaves until the next consumer attaches. */
    @GuardedBy("buffers")
    void hold(long from) {
        if (hold.isHeld() && from > mark.barrier) {
            throw new IllegalStateException(
                    "What lies behind checkpoint %d is still held for a task that has not come yet"
                            .formatted(mark.barrier));
        }
        hold.behind(from);
    }

    /** Behind the barrier of which checkpoint nothing has left; negative if things are not held, or were read already. */
    @GuardedBy("buffers")
    long heldAt() {
        return hold.isHeld() && !hold.isAgain() ? mark.barrier : -1;
    }

    /** Whether that barrier has left, and nothing behind it. */
    @GuardedBy("buffers")
    boolean isHeld() {
        return hold.isHeld();
    }

    /** Whether the consumer that reads is to go on behind a barrier now; if not, it will when nothing is held any more. */
    @GuardedBy("buffers")
    boolean resumes() {
        return !hold.resumes();
    }

    /** Whether things are held that another consumer has read already. */
    @GuardedBy("buffers")
    boolean isHeldAgain() {
        return hold.isAgain();
    }

    @GuardedBy("buffers")
    private void held(long id) {
        stopRetaining();
        mark = new Mark(id, endOfData, endOfPartition);
        if (receivers != null) {
            receivers.detached(subpartition.getSubPartitionIndex()); // what is sent here waits: others are done sooner
        }
        overflow();
    }

    /** Nothing is held any more. Returns whether the consumer would have gone on meanwhile. */
    @GuardedBy("buffers")
    boolean release() {
        boolean resumes = hold.hasResumed();
        if (hold.isHeld() && receivers != null) {
            receivers.returned(subpartition.getSubPartitionIndex());
        }
        hold.over();
        stopRetaining(); // a consumer that has lost its connection meanwhile is the same still
        return resumes;
    }

    /**
     * The consumer is gone. What it got since it attached is to leave again, if all of that was retained. Returns whether
     * things are held for the next consumer; if not, it may have lost something.
     */
    @GuardedBy("buffers")
    boolean goBack() {
        if (!hold.isHeld() && log.retains() && !subpartition.isReleased) {
            rewind();
        }
        return hold.isHeld();
    }

    @GuardedBy("buffers")
    private void rewind() {
        stream.rewind();
        log.rewind(lastBarrier);
        if (log.isEmpty()) { // there were but barriers, if anything
            stream.tookKept(false, 0, gone(), log.end());
        }
        endOfData = mark.endOfData;
        endOfPartition = mark.endOfPartition;
        hold.again();
        subpartition.isBlocked = true;
        if (receivers != null) {
            receivers.detached(subpartition.getSubPartitionIndex());
        }
        overflow();
    }

    /**
     * The next consumer attaches, and gets what is held. Returns the last barrier that it has missed, which will not come
     * again; negative if it has missed none.
     */
    @GuardedBy("buffers")
    long attach() {
        if (!hold.isHeld()) {
            return lastBarrier;
        }
        hold.over();
        if (log.retain()) {
            stream.remember();
        }
        return lastBarrier == mark.barrier ? NONE_MISSED : lastBarrier;
    }

    /** The consumer has gone, or has been replaced, in the middle of the stream: what was kept for it is lost. */
    @GuardedBy("buffers")
    void lose() {
        hold.over();
        skipLog();
    }

    /** Nothing that has left is to leave again. */
    @GuardedBy("buffers")
    void stopRetaining() {
        log.forget();
        stream.forget();
    }

    // ------------------------------------------------------------------ room

    /** Takes finished buffers out of the queue while things are held: the producer needs them for its other consumers. */
    @GuardedBy("buffers")
    void overflow() {
        if (!hold.isHeld() || subpartition.isReleased) {
            return;
        }
        while (!logIsFull && subpartition.buffers.size() > HELD_IN_QUEUE) {
            if (!log.hasRoom(bufferBytes)) {
                awaitRoom();
                return;
            }
            overflowOne();
        }
    }

    @GuardedBy("buffers")
    private void overflowOne() {
        boolean blocked = subpartition.isBlocked;
        int sequence = subpartition.sequenceNumber;
        int before = subpartition.buffers.size();
        subpartition.isBlocked = false;
        BufferAndBacklog next = subpartition.pollQueue();
        subpartition.isBlocked = blocked;
        subpartition.sequenceNumber = sequence;
        int taken = before - subpartition.buffers.size();
        if (next != null) {
            if (!log.append(next.buffer(), taken)) {
                awaitRoom();
            }
        } else if (!log.isEmpty()) {
            log.appendNothing(taken);
        } else {
            stream.took(null, gone(), null);
        }
    }

    @GuardedBy("buffers")
    private void awaitRoom() {
        if (!logIsFull) {
            logIsFull = true;
            log.whenRoom(bufferBytes, subpartition::logHasRoom);
        }
    }

    /** There is room in the log. */
    @GuardedBy("buffers")
    void goOn() {
        logIsFull = false;
        overflow();
    }

    /** {@code next} has left the queue, or nothing; the queue has {@code taken} less. */
    @GuardedBy("buffers")
    private void retain(@Nullable Buffer next, int taken) {
        if (next == null) {
            log.retainNothing(taken);
        } else if (!log.retainCopy(next, taken)) {
            giveUpRetaining();
        }
        log.retainedUpTo(stream.end());
    }

    @GuardedBy("buffers")
    private void giveUpRetaining() {
        log.giveUp();
        stream.forget();
        LOG.warn(
                "In-flight log is full, if the consumer is lost now what it has not processed is: partition={}"
                        + " subpartition={}. Raise {} or {}",
                subpartition.parent.getPartitionId(),
                subpartition.getSubPartitionIndex(),
                HoldfastOptions.IN_FLIGHT_LOG_MEMORY.key(),
                HoldfastOptions.IN_FLIGHT_LOG_DISK.key());
    }
}
