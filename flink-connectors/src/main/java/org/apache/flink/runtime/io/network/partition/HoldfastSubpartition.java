package org.apache.flink.runtime.io.network.partition;

import io.holdfast.flink.autopartition.Receivers;
import io.holdfast.flink.exchange.AttachedEvent;
import io.holdfast.flink.exchange.OutgoingStream;
import io.holdfast.flink.exchange.SequenceWord;
import io.holdfast.flink.inflight.Hold;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
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
import org.apache.flink.runtime.io.network.netty.HoldfastCredits;
import org.apache.flink.runtime.shuffle.BarrierPositions;

/**
 * A subpartition whose consumer may go away and another may come, any number of times, without stopping the producer.
 * While nobody reads, it discards. It knows where in its stream every barrier and every attachment lay, so that what was
 * lost can be told to the record.
 *
 * <p>Flink class: {@link PipelinedSubpartition}, read at 2.2.1 and 2.3.0. Here and not in {@code io.holdfast.flink}
 * because its constructor, {@code buffers}, {@code readView} and {@code pollBuffer()} are package-private.
 *
 * <p>Locks: everything below is guarded by {@code buffers}, but for what the task thread alone counts in {@link
 * #writing}; the partition's lock is never taken while it is held.
 */
final class HoldfastSubpartition extends PipelinedSubpartition {

    /** Instead of a barrier that will not come again. */
    private static final long NONE_MISSED = -1;

    private final HoldfastResultPartition partition;

    /** What the producer knows of its consumers, if it chooses among them. */
    private final @Nullable Receivers receivers;

    @GuardedBy("buffers")
    private final OutgoingStream stream = new OutgoingStream();

    @GuardedBy("buffers")
    private final BarrierPositions barriers = new BarrierPositions();

    /** What goes out before the queue: an {@link AttachedEvent}, then the rest of a buffer whose beginning was skipped. */
    @GuardedBy("buffers")
    private final ArrayDeque<Buffer> front = new ArrayDeque<>();

    @GuardedBy("buffers")
    private long lastBarrier = NONE_MISSED;

    @GuardedBy("buffers")
    private boolean detached;

    @GuardedBy("buffers")
    private final Hold hold = new Hold();

    @GuardedBy("buffers")
    private boolean consumerFinished;

    /** A consumer attached and must be told first; null if not. */
    @GuardedBy("buffers")
    private Greeting greeting;

    /** The stream stands in a record whose beginning went to an earlier consumer. */
    @GuardedBy("buffers")
    private boolean inBrokenRecord;

    @GuardedBy("buffers")
    private StopMode endOfData;

    @GuardedBy("buffers")
    private boolean endOfPartition;

    /** Task thread of the producer. */
    HoldfastSubpartition(
            int index, int receiverExclusiveBuffers, int startingBufferSize, HoldfastResultPartition partition) {
        super(index, receiverExclusiveBuffers, startingBufferSize, partition);
        this.partition = partition;
        this.receivers = partition.receivers();
    }

    /** Any thread. In-flight data is not part of checkpoints of managed jobs: those are aligned. */
    @Override
    public boolean isSupportChannelStateRecover() {
        return false;
    }

    // ------------------------------------------------------------------ producer

    /** Producer's task thread. {@code record} is written next, from its length prefix on. */
    void writing(ByteBuffer record) {
        stream.writing(record);
    }

    /** Producer's task thread. */
    @Override
    public int add(BufferConsumer bufferConsumer, int partialRecordLength) {
        synchronized (buffers) {
            stream.added(bufferConsumer.isBuffer(), partialRecordLength);
        }
        if (receivers != null) {
            receivers.begun(getSubPartitionIndex(), bufferConsumer.isBuffer());
        }
        int desiredSize = super.add(bufferConsumer, partialRecordLength);
        discardIfDetached();
        return desiredSize;
    }

    /** Producer's task thread. */
    @Override
    public int finish() throws IOException {
        synchronized (buffers) {
            stream.added(false, 0);
        }
        int bytes = super.finish();
        discardIfDetached();
        return bytes;
    }

    /** Producer's task thread, or its output flusher. */
    @Override
    public void flush() {
        super.flush();
        discardIfDetached();
    }

    private void discardIfDetached() {
        boolean acknowledge;
        synchronized (buffers) {
            if (!detached) {
                return;
            }
            discardQueue();
            acknowledge = consumerFinished && endOfData != null;
        }
        if (acknowledge) {
            acknowledgeAllDataProcessed();
        }
    }

    @GuardedBy("buffers")
    private void discardQueue() {
        if (isReleased) {
            return;
        }
        int sequence = sequenceNumber;
        while (true) {
            isBlocked = false;
            BufferAndBacklog next = take();
            if (next == null) {
                break;
            }
            next.buffer().recycleBuffer();
        }
        sequenceNumber = sequence;
    }

    /** What the queue gives next, whether a consumer gets it or nobody; null if it gives nothing now. */
    @GuardedBy("buffers")
    private BufferAndBacklog take() {
        // The one buffer may go with this and leave nothing; it is kept until that was looked at.
        Buffer only = buffers.size() == 1 && stream.isDownToOneBuffer() ? firstInQueue() : null;
        try {
            BufferAndBacklog next = super.pollBuffer();
            stream.took(
                    next == null ? null : next.buffer(),
                    getTotalNumberOfBuffersUnsafe() - buffers.size(),
                    only == null ? null : only.getNioBufferReadable());
            if (next != null) {
                follow(next.buffer());
                if (receivers != null) {
                    receivers.left(getSubPartitionIndex(), stream.leftBytes());
                }
            }
            return next;
        } finally {
            if (only != null) {
                only.recycleBuffer();
            }
        }
    }

    @GuardedBy("buffers")
    private void follow(Buffer buffer) {
        if (buffer.isBuffer()) {
            return;
        }
        AbstractEvent event = event(buffer);
        if (event instanceof CheckpointBarrier barrier) {
            lastBarrier = Math.max(lastBarrier, barrier.getId());
            barriers.put(barrier.getId(), stream.firstOfLast().position());
            if (hold.barrierLeft(barrier.getId()) && receivers != null) {
                receivers.detached(getSubPartitionIndex()); // what is sent here waits: others are done sooner
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

    // ------------------------------------------------------------------ consumer

    /** Netty thread; an attaching thread if the consumer is local. */
    @Override
    public PipelinedSubpartitionView createReadView(BufferAvailabilityListener listener) {
        HoldfastSubpartitionView fresh;
        HoldfastSubpartitionView ended;
        synchronized (buffers) {
            ended = (HoldfastSubpartitionView) readView;
            if (ended != null) { // the new consumer was faster than the news of the old one's end
                ended.end();
            }
            clearFront();
            greeting = new Greeting(hold.isHeld() ? NONE_MISSED : lastBarrier, endOfData, endOfPartition);
            if (hold.isHeld() || ended != null) {
                hold.over(); // before the barrier has left: an ordinary loss; behind it: what was held is for this one
            }
            inBrokenRecord = place().midRecord();
            detached = false;
            if (receivers != null) { // at once: the rest of a broken record may need more behind it to be sent
                receivers.attached(getSubPartitionIndex(), stream.leftBytes());
            }
            isBlocked = false;
            sequenceNumber = 0;
            fresh = new HoldfastSubpartitionView(this, listener);
            readView = fresh;
        }
        if (ended != null) {
            ended.tellOfEnd();
        }
        return fresh;
    }

    /** Netty thread; the consumer's task thread if it is local. */
    @Override
    BufferAndBacklog pollBuffer() {
        synchronized (buffers) {
            if (greeting != null) {
                prepareGreeting();
            }
            Buffer first = front.poll();
            if (first != null) {
                return new BufferAndBacklog(
                        first, backlog(), nextType(), SequenceWord.of(sequenceNumber++, SequenceWord.UNKNOWN));
            }
            if (greeting != null) {
                return null; // the record that the last consumer got the beginning of is still being written
            }
            BufferAndBacklog next = take();
            return next == null ? null : withRecords(next);
        }
    }

    @GuardedBy("buffers")
    private BufferAndBacklog withRecords(BufferAndBacklog next) {
        return new BufferAndBacklog(
                next.buffer(),
                next.buffersInBacklog(),
                next.getNextDataType(),
                SequenceWord.of(next.getSequenceNumber(), stream.recordsOfLast()));
    }

    /** Leaves out what remains of a record whose beginning went to an earlier consumer, then greets. */
    @GuardedBy("buffers")
    private void prepareGreeting() {
        OutgoingStream.Place start = inBrokenRecord ? null : place();
        Buffer rest = null;
        while (inBrokenRecord) {
            BufferAndBacklog next = take();
            if (next == null) {
                return;
            }
            sequenceNumber--; // it is not sent
            Buffer buffer = next.buffer();
            if (buffer.isBuffer() && buffer.readableBytes() == 0) { // with no exclusive buffers Flink hands these on
                buffer.recycleBuffer();
                continue;
            }
            if (stream.restOfLastEnded()) {
                inBrokenRecord = false;
                start = stream.firstOfLast();
                int end = stream.restOfLast();
                int size = buffer.readableBytes();
                if (end < size) {
                    rest = buffer.readOnlySlice(buffer.getReaderIndex() + end, size - end); // owns the buffer now
                }
            }
            if (rest == null) {
                buffer.recycleBuffer();
            }
        }
        front.add(serialized(greeting.at(partition.attempt(), start, barriers)));
        if (receivers != null) {
            receivers.attached(getSubPartitionIndex(), start.position().bytes());
        }
        if (rest != null) {
            front.add(rest);
        }
        greeting = null;
    }

    /** Where the stream stands that has left. */
    @GuardedBy("buffers")
    private OutgoingStream.Place place() {
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
        try (BufferConsumer again = buffers.peek().getBufferConsumer().copyWithReaderPosition(0)) {
            return again.build();
        }
    }

    private static Buffer serialized(AttachedEvent event) {
        try {
            return EventSerializer.toBuffer(event, false);
        } catch (IOException e) {
            throw new UncheckedIOException("An event cannot be written to memory", e);
        }
    }

    /** Netty thread; the consumer's task thread if it is local. */
    @Override
    public ResultSubpartitionView.AvailabilityWithBacklog getAvailabilityAndBacklog(boolean isCreditAvailable) {
        synchronized (buffers) {
            boolean available;
            if (!front.isEmpty()) {
                available = isCreditAvailable || front.peek().getDataType().isEvent();
            } else if (greeting != null) {
                available =
                        !inBrokenRecord || super.getAvailabilityAndBacklog(true).isAvailable();
            } else {
                available = super.getAvailabilityAndBacklog(isCreditAvailable).isAvailable();
            }
            return new ResultSubpartitionView.AvailabilityWithBacklog(available, backlog());
        }
    }

    @GuardedBy("buffers")
    private Buffer.DataType nextType() {
        if (!front.isEmpty()) {
            return front.peek().getDataType();
        }
        return super.getAvailabilityAndBacklog(true).isAvailable()
                ? buffers.peek().getBufferConsumer().getDataType()
                : Buffer.DataType.NONE;
    }

    @GuardedBy("buffers")
    private int backlog() {
        int data = getBuffersInBacklogUnsafe();
        for (Buffer buffer : front) {
            data += buffer.isBuffer() ? 1 : 0;
        }
        return data;
    }

    /** Netty thread; the consumer's task thread if it is local. What the current consumer gets next. */
    BufferAndBacklog pollFor(HoldfastSubpartitionView view) {
        synchronized (buffers) {
            return readView == view ? pollBuffer() : null;
        }
    }

    /** Netty thread; the consumer's task thread if it is local. Flink's version throws when nothing is blocked. */
    void resumeFor(HoldfastSubpartitionView view) {
        synchronized (buffers) {
            if (readView == view && !hold.resumes()) {
                isBlocked = false; // it may be so already, if the barrier was discarded: not an error
            }
        }
    }

    /** Netty thread; task thread or attaching thread of the consumer if it is local. It tells what it has consumed. */
    void consumedFor(HoldfastSubpartitionView view, int word) {
        synchronized (buffers) {
            if (readView == view && receivers != null) {
                receivers.heard(getSubPartitionIndex(), word);
            }
        }
    }

    /** Metrics thread. Buffers that the consumer has room for, as far as it has said; negative if it is local or away. */
    int credits() {
        HoldfastSubpartitionView view;
        synchronized (buffers) {
            view = (HoldfastSubpartitionView) readView;
        }
        return view == null ? HoldfastCredits.NONE : view.credits();
    }

    /** Netty thread, when the consumer or its connection is gone; the consumer's task thread if it is local. */
    void viewReleased(HoldfastSubpartitionView view) {
        boolean acknowledge;
        synchronized (buffers) {
            if (readView != view) {
                return;
            }
            acknowledge = consumerGone();
        }
        if (acknowledge) {
            acknowledgeAllDataProcessed();
        }
    }

    /** TaskExecutor main thread. The consumer is lost, whatever the connection says: do not wait for it any longer. */
    void consumerLost() {
        boolean acknowledge;
        HoldfastSubpartitionView ended;
        synchronized (buffers) {
            ended = (HoldfastSubpartitionView) readView;
            if (ended != null) {
                ended.end();
            }
            acknowledge = consumerGone();
        }
        if (ended != null) {
            ended.tellOfEnd();
        }
        if (acknowledge) {
            acknowledgeAllDataProcessed();
        }
    }

    /** TaskExecutor main thread. No consumer will ever come: it has finished before this attempt of the producer began. */
    void consumerFinished() {
        boolean acknowledge;
        synchronized (buffers) {
            consumerFinished = true;
            acknowledge = readView == null && detach();
        }
        if (acknowledge) {
            acknowledgeAllDataProcessed();
        }
    }

    /** As {@link #detach}, unless what lies behind a barrier is held for the next consumer. */
    @GuardedBy("buffers")
    private boolean consumerGone() {
        if (!hold.isHeld()) {
            return detach();
        }
        readView = null;
        return false;
    }

    /** Returns whether the producer must be told that all its data was processed: nobody else ever will. */
    @GuardedBy("buffers")
    private boolean detach() {
        readView = null;
        clearFront();
        greeting = null;
        hold.over();
        detached = true;
        if (receivers != null) {
            receivers.detached(getSubPartitionIndex());
        }
        discardQueue();
        return consumerFinished && endOfData != null;
    }

    // ------------------------------------------------------------------ holding

    /** TaskExecutor main thread. See {@code HoldfastCommand.Hold}. */
    void hold(long from) {
        synchronized (buffers) {
            if (detached) {
                throw new IllegalStateException("Nothing can be held of subpartition %d of %s: its consumer is lost"
                        .formatted(getSubPartitionIndex(), parent.getPartitionId()));
            }
            hold.behind(from);
        }
    }

    /** TaskExecutor main thread. See {@code HoldfastCommand.Unhold}. */
    void unhold() {
        boolean acknowledge = false;
        PipelinedSubpartitionView resumed = null;
        synchronized (buffers) {
            boolean held = hold.isHeld();
            boolean resumes = hold.hasResumed();
            hold.over();
            if (held && readView == null) {
                acknowledge = detach();
            } else if (held) {
                if (receivers != null) {
                    receivers.returned(getSubPartitionIndex());
                }
                if (resumes) {
                    isBlocked = false;
                    resumed = readView;
                }
            }
        }
        if (resumed != null) {
            resumed.notifyDataAvailable();
        }
        if (acknowledge) {
            acknowledgeAllDataProcessed();
        }
    }

    /** TaskExecutor main thread. See {@code HoldfastCommand.Forget}. */
    void forget() {}

    @GuardedBy("buffers")
    private void clearFront() {
        front.forEach(Buffer::recycleBuffer);
        front.clear();
    }

    /** Any thread. */
    @Override
    public void release() {
        super.release();
        synchronized (buffers) {
            stream.clear();
            clearFront();
        }
    }

    /** What a new consumer must know as things stood when it attached. */
    private record Greeting(long lastBarrier, StopMode endOfData, boolean endOfPartition) {

        AttachedEvent at(int attempt, OutgoingStream.Place start, BarrierPositions barriers) {
            return new AttachedEvent(
                    attempt,
                    start.position(),
                    barriers,
                    lastBarrier,
                    start.watermark(),
                    start.idle(),
                    endOfData,
                    endOfPartition);
        }
    }
}
