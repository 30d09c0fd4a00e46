package org.apache.flink.runtime.io.network.partition;

import io.holdfast.flink.autopartition.Receivers;
import io.holdfast.flink.exchange.AttachedEvent;
import io.holdfast.flink.exchange.OutgoingStream;
import io.holdfast.flink.exchange.SequenceWord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import javax.annotation.Nullable;
import javax.annotation.concurrent.GuardedBy;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.io.network.api.serialization.EventSerializer;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.buffer.BufferConsumer;
import org.apache.flink.runtime.io.network.netty.HoldfastCredits;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subpartition whose consumer may go away and another may come, any number of times, without stopping the producer.
 * While nobody reads, it discards, unless it was told to keep what lies behind a barrier for the next one. Its {@link
 * HoldfastOutflow} knows where in its stream every barrier and every attachment lay, so that what was lost can be told to
 * the record.
 *
 * <p>Flink class: {@link PipelinedSubpartition}, read at 2.2.1 and 2.3.0. Here and not in {@code io.holdfast.flink}
 * because its constructor, {@code buffers}, {@code readView} and {@code pollBuffer()} are package-private.
 *
 * <p>Locks: everything below is guarded by {@code buffers}, but for what the task thread alone counts in {@link
 * #writing}; the partition's lock is never taken while it is held.
 */
final class HoldfastSubpartition extends PipelinedSubpartition {

    private static final Logger LOG = LoggerFactory.getLogger(HoldfastSubpartition.class);

    private final HoldfastResultPartition partition;

    /** What the producer knows of its consumers, if it chooses among them. */
    private final @Nullable Receivers receivers;

    /** What leaves, and where the stream stands. */
    @GuardedBy("buffers")
    private final HoldfastOutflow outflow;

    /** What goes out before the queue: an {@link AttachedEvent}, then the rest of a buffer whose beginning was skipped. */
    @GuardedBy("buffers")
    private final ArrayDeque<Buffer> front = new ArrayDeque<>();

    @GuardedBy("buffers")
    private boolean detached;

    @GuardedBy("buffers")
    private boolean consumerFinished;

    /** A consumer attached and must be told first; null if not. */
    @GuardedBy("buffers")
    private Greeting greeting;

    /** The stream stands in a record whose beginning went to an earlier consumer. */
    @GuardedBy("buffers")
    private boolean inBrokenRecord;

    /** Task thread of the producer. */
    HoldfastSubpartition(
            int index, int receiverExclusiveBuffers, int startingBufferSize, HoldfastResultPartition partition) {
        super(index, receiverExclusiveBuffers, startingBufferSize, partition);
        this.partition = partition;
        this.receivers = partition.receivers();
        this.outflow = new HoldfastOutflow(this, partition);
    }

    /** Any thread. In-flight data is not part of checkpoints of managed jobs: those are aligned. */
    @Override
    public boolean isSupportChannelStateRecover() {
        return false;
    }

    // ------------------------------------------------------------------ producer

    /** Producer's task thread. {@code record} is written next, from its length prefix on. */
    void writing(ByteBuffer record) {
        outflow.writing(record);
    }

    /** Producer's task thread. */
    @Override
    public int add(BufferConsumer bufferConsumer, int partialRecordLength) {
        synchronized (buffers) {
            outflow.added(bufferConsumer.isBuffer(), partialRecordLength);
        }
        if (receivers != null) {
            receivers.begun(getSubPartitionIndex(), bufferConsumer.isBuffer());
        }
        int desiredSize = super.add(bufferConsumer, partialRecordLength);
        makeRoom();
        return desiredSize;
    }

    /** Producer's task thread. */
    @Override
    public int finish() throws IOException {
        synchronized (buffers) {
            outflow.added(false, 0);
        }
        int bytes = super.finish();
        makeRoom();
        return bytes;
    }

    /** Producer's task thread, or its output flusher. */
    @Override
    public void flush() {
        super.flush();
        makeRoom();
    }

    /** The producer must not wait for a consumer that is away, or held. */
    private void makeRoom() {
        boolean acknowledge;
        synchronized (buffers) {
            if (!detached) {
                outflow.overflow();
                return;
            }
            outflow.discard();
            acknowledge = nobodyWillAcknowledge();
        }
        if (acknowledge) {
            acknowledgeAllDataProcessed();
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
            if (ended != null && !outflow.goBack()) {
                outflow.lose();
            }
            greeting = new Greeting(outflow.attach(), outflow.endOfData(), outflow.endOfPartition());
            inBrokenRecord = outflow.place().midRecord();
            detached = false;
            if (receivers != null) { // at once: the rest of a broken record may need more behind it to be sent
                receivers.attached(getSubPartitionIndex(), outflow.leftBytes());
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
            try {
                return next();
            } catch (IOException e) {
                unreadable(e);
                return null;
            }
        }
    }

    @GuardedBy("buffers")
    private BufferAndBacklog next() throws IOException {
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
        BufferAndBacklog next = outflow.take();
        return next == null ? null : withRecords(next);
    }

    @GuardedBy("buffers")
    private BufferAndBacklog withRecords(BufferAndBacklog next) {
        return new BufferAndBacklog(
                next.buffer(),
                next.buffersInBacklog(),
                next.getNextDataType(),
                outflow.wordOfLast(next.getSequenceNumber()));
    }

    /** Leaves out what remains of a record whose beginning went to an earlier consumer, then greets. */
    @GuardedBy("buffers")
    private void prepareGreeting() throws IOException {
        OutgoingStream.Place start = inBrokenRecord ? null : outflow.place();
        Buffer rest = null;
        while (inBrokenRecord) {
            BufferAndBacklog next = outflow.take();
            if (next == null) {
                return;
            }
            sequenceNumber--; // it is not sent
            Buffer buffer = next.buffer();
            if (buffer.isBuffer() && buffer.readableBytes() == 0) { // with no exclusive buffers Flink hands these on
                buffer.recycleBuffer();
                continue;
            }
            if (outflow.restOfLastEnded()) {
                inBrokenRecord = false;
                start = outflow.firstOfLast();
                int end = outflow.restOfLast();
                int size = buffer.readableBytes();
                if (end < size) {
                    rest = buffer.readOnlySlice(buffer.getReaderIndex() + end, size - end); // owns the buffer now
                }
            }
            if (rest == null) {
                buffer.recycleBuffer();
            }
        }
        front.add(serialized(greeting.at(partition.attempt(), start, outflow.barriers())));
        if (receivers != null) {
            receivers.attached(getSubPartitionIndex(), start.position().bytes());
        }
        if (rest != null) {
            front.add(rest);
        }
        greeting = null;
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
            } else if (greeting == null && !outflow.keepsNothing()) {
                available =
                        !isBlocked && (isCreditAvailable || outflow.typeOfKept().isEvent());
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
    Buffer.DataType nextType() {
        if (!front.isEmpty()) {
            return front.peek().getDataType();
        }
        if (!outflow.keepsNothing()) {
            return isBlocked ? Buffer.DataType.NONE : outflow.typeOfKept();
        }
        return super.getAvailabilityAndBacklog(true).isAvailable()
                ? buffers.peek().getBufferConsumer().getDataType()
                : Buffer.DataType.NONE;
    }

    @GuardedBy("buffers")
    int backlog() {
        int data = getBuffersInBacklogUnsafe();
        for (Buffer buffer : front) {
            data += buffer.isBuffer() ? 1 : 0;
        }
        return data;
    }

    /** Any thread. What is kept elsewhere is sent before the queue is. */
    @Override
    public int getBuffersInBacklogUnsafe() {
        return isBlocked ? 0 : super.getBuffersInBacklogUnsafe() + outflow.keptBuffers();
    }

    /** Holder of the lock. What Flink's queue gives next. */
    BufferAndBacklog pollQueue() {
        return super.pollBuffer();
    }

    /** Netty thread; the consumer's task thread if it is local. What the current consumer gets next. */
    BufferAndBacklog pollFor(HoldfastSubpartitionView view) {
        synchronized (buffers) {
            if (readView != view) {
                return null;
            }
            BufferAndBacklog next = pollBuffer();
            if (readView == view) {
                return next;
            }
        }
        view.tellOfEnd(); // what was kept for it cannot be read
        return null;
    }

    /** Netty thread; the consumer's task thread if it is local. Flink's version throws when nothing is blocked. */
    void resumeFor(HoldfastSubpartitionView view) {
        synchronized (buffers) {
            if (readView == view && outflow.resumes()) {
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
        readView = null;
        clearFront();
        greeting = null;
        return !outflow.goBack() && detach();
    }

    /** Returns whether the producer must be told that all its data was processed: nobody else ever will. */
    @GuardedBy("buffers")
    private boolean detach() {
        readView = null;
        clearFront();
        greeting = null;
        outflow.lose();
        detached = true;
        if (receivers != null) {
            receivers.detached(getSubPartitionIndex());
        }
        outflow.discard();
        return nobodyWillAcknowledge();
    }

    @GuardedBy("buffers")
    private boolean nobodyWillAcknowledge() {
        return consumerFinished && outflow.endOfData() != null;
    }

    /** What was kept for the consumer is lost: it attaches again, and hears how much it is. */
    @GuardedBy("buffers")
    private void unreadable(IOException cause) {
        LOG.error(
                "In-flight log cannot be read, its content is lost and counted: partition={} subpartition={}. Check the"
                        + " disk of Flink's temporary directories",
                parent.getPartitionId(),
                getSubPartitionIndex(),
                cause);
        ((HoldfastSubpartitionView) readView).end();
        detach();
    }

    // ------------------------------------------------------------------ holding

    /** TaskExecutor main thread. See {@code HoldfastCommand.Hold}. */
    void hold(long from) {
        synchronized (buffers) {
            if (detached) {
                throw new IllegalStateException("Nothing can be held of subpartition %d of %s: its consumer is lost"
                        .formatted(getSubPartitionIndex(), parent.getPartitionId()));
            }
            outflow.hold(from);
        }
    }

    /** TaskExecutor main thread. See {@code HoldfastCommand.HeldAt}. Throws if it is not so. */
    void heldAt(long checkpoint) {
        synchronized (buffers) {
            if (outflow.heldAt() != checkpoint) {
                throw new IllegalStateException("Subpartition %d of %s is not held at checkpoint %d, but at %d"
                        .formatted(getSubPartitionIndex(), parent.getPartitionId(), checkpoint, outflow.heldAt()));
            }
        }
    }

    /** TaskExecutor main thread. See {@code HoldfastCommand.Unhold}. */
    void unhold() {
        boolean acknowledge = false;
        PipelinedSubpartitionView resumed = null;
        synchronized (buffers) {
            if (outflow.isHeld() && readView == null) {
                acknowledge = detach();
            } else if (outflow.release()) {
                isBlocked = false;
                resumed = readView;
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
    void forget() {
        boolean acknowledge;
        synchronized (buffers) {
            outflow.stopRetaining();
            acknowledge = outflow.isHeldAgain() && detach(); // what is to leave again is what to forget
        }
        if (acknowledge) {
            acknowledgeAllDataProcessed();
        }
    }

    /** Writing thread of the log. There is room in it. */
    void logHasRoom() {
        PipelinedSubpartitionView waiting;
        synchronized (buffers) {
            outflow.goOn();
            waiting = outflow.isHeld() ? null : readView;
        }
        if (waiting != null) {
            waiting.notifyDataAvailable();
        }
    }

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
            outflow.clear();
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
