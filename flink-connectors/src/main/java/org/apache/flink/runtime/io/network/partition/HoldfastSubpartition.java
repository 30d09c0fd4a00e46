package org.apache.flink.runtime.io.network.partition;

import io.holdfast.flink.autopartition.Receivers;
import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.exchange.AttachedEvent;
import io.holdfast.flink.exchange.OutgoingStream;
import io.holdfast.flink.exchange.SequenceWord;
import io.holdfast.flink.inflight.Hold;
import io.holdfast.flink.inflight.InFlightLog;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

    private static final Logger LOG = LoggerFactory.getLogger(HoldfastSubpartition.class);

    /** Buffers that stay in the queue while things are held: the open one, and one that is full. */
    private static final int HELD_IN_QUEUE = 2;

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

    /** What is kept of the stream elsewhere: it comes before the queue. */
    @GuardedBy("buffers")
    private final InFlightLog log;

    /** There was no room in the log, and it has not told yet that there is. */
    @GuardedBy("buffers")
    private boolean logIsFull;

    /** Where the consumer begins for which things are held. */
    @GuardedBy("buffers")
    private Mark mark;

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
        this.log = new InFlightLog(partition.inFlight());
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
        makeRoom();
        return desiredSize;
    }

    /** Producer's task thread. */
    @Override
    public int finish() throws IOException {
        synchronized (buffers) {
            stream.added(false, 0);
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
                overflow();
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
        stopRetaining();
        skipLog();
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
        if (!log.isEmpty()) {
            return takeFromLog();
        }
        if (log.retains()
                && log.isBehind(partition.bufferBytes())) { // the consumer reads faster than what it reads is kept
            awaitRoom();
            return null;
        }
        return takeFromQueue();
    }

    @GuardedBy("buffers")
    private BufferAndBacklog takeFromQueue() {
        // The one buffer may go with this and leave nothing; it is kept until that was looked at.
        Buffer only = buffers.size() == 1 && stream.isDownToOneBuffer() ? firstInQueue() : null;
        try {
            int before = buffers.size();
            BufferAndBacklog next = super.pollBuffer();
            stream.took(next == null ? null : next.buffer(), gone(), only == null ? null : only.getNioBufferReadable());
            if (log.retains()) {
                retain(next == null ? null : next.buffer(), before - buffers.size());
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

    /** Buffers and events that have left, of all that were ever added. */
    @GuardedBy("buffers")
    private long gone() {
        return getTotalNumberOfBuffersUnsafe() - buffers.size() - log.covered();
    }

    @GuardedBy("buffers")
    private void left(Buffer buffer) {
        if (!buffer.isBuffer()) {
            follow(buffer);
        }
        if (receivers != null) {
            receivers.left(getSubPartitionIndex(), stream.leftBytes());
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
            if (hold.barrierLeft(barrier.getId())) {
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
            if (ended != null && !goBack()) { // before a barrier has left behind which things are held
                hold.over();
                skipLog();
            }
            boolean held = hold.isHeld();
            greeting = new Greeting(
                    held && lastBarrier == mark.barrier ? NONE_MISSED : lastBarrier, endOfData, endOfPartition);
            if (held) {
                hold.over();
                if (log.retain()) {
                    stream.remember();
                }
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
            } else if (greeting == null && !log.isEmpty()) {
                available = !isBlocked && (isCreditAvailable || log.nextType().isEvent());
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
        if (!log.isEmpty()) {
            return isBlocked ? Buffer.DataType.NONE : log.nextType();
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
        readView = null;
        clearFront();
        greeting = null;
        return goBack() ? false : detach();
    }

    /** Returns whether the producer must be told that all its data was processed: nobody else ever will. */
    @GuardedBy("buffers")
    private boolean detach() {
        readView = null;
        clearFront();
        greeting = null;
        hold.over();
        log.forget();
        detached = true;
        if (receivers != null) {
            receivers.detached(getSubPartitionIndex());
        }
        discardQueue();
        return consumerFinished && endOfData != null;
    }

    // ------------------------------------------------------------------ holding

    /** Where a consumer begins for which things are held, and what had left before. */
    private record Mark(long barrier, StopMode endOfData, boolean endOfPartition) {}

    /** The barrier of checkpoint {@code id} has left; nothing leaves behind it until the next consumer attaches. */
    @GuardedBy("buffers")
    private void held(long id) {
        stopRetaining();
        mark = new Mark(id, endOfData, endOfPartition);
        if (receivers != null) {
            receivers.detached(getSubPartitionIndex()); // what is sent here waits: others are done sooner
        }
        overflow();
    }

    /**
     * The consumer is gone. What it got since it attached is to leave again, if all of that was kept. Returns whether what
     * lies behind a barrier is held for the next consumer.
     */
    @GuardedBy("buffers")
    private boolean goBack() {
        if (hold.isHeld() || !log.retains() || isReleased) {
            return hold.isHeld();
        }
        stream.rewind();
        log.rewind(lastBarrier);
        if (log.isEmpty()) { // there were but barriers, if anything
            stream.tookKept(false, 0, gone(), log.end());
        }
        endOfData = mark.endOfData;
        endOfPartition = mark.endOfPartition;
        hold.again();
        isBlocked = true;
        if (receivers != null) {
            receivers.detached(getSubPartitionIndex());
        }
        overflow();
        return true;
    }

    /** Takes finished buffers out of the queue while things are held: the producer needs them for its other consumers. */
    @GuardedBy("buffers")
    private void overflow() {
        if (!hold.isHeld() || isReleased) {
            return;
        }
        while (!logIsFull && buffers.size() > HELD_IN_QUEUE) {
            if (!log.hasRoom(partition.bufferBytes())) {
                awaitRoom();
                return;
            }
            boolean blocked = isBlocked;
            int sequence = sequenceNumber;
            int before = buffers.size();
            isBlocked = false;
            BufferAndBacklog next = super.pollBuffer();
            isBlocked = blocked;
            sequenceNumber = sequence;
            int taken = before - buffers.size();
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
    }

    @GuardedBy("buffers")
    private void awaitRoom() {
        if (!logIsFull) {
            logIsFull = true;
            log.whenRoom(partition.bufferBytes(), this::logHasRoom);
        }
    }

    /** Writing thread of the log. */
    private void logHasRoom() {
        PipelinedSubpartitionView waiting;
        synchronized (buffers) {
            logIsFull = false;
            overflow();
            waiting = log.retains() ? readView : null;
        }
        if (waiting != null) {
            waiting.notifyDataAvailable();
        }
    }

    @GuardedBy("buffers")
    private BufferAndBacklog takeFromLog() {
        if (isBlocked) {
            return null;
        }
        Buffer next;
        try {
            next = log.next();
        } catch (IOException e) {
            unreadable(e);
            return null;
        }
        boolean retained = log.left();
        stream.tookKept(next.isBuffer(), next.readableBytes(), gone(), log.end());
        if (!retained) {
            giveUpRetaining();
        }
        isBlocked = next.getDataType().isBlockingUpstream();
        left(next);
        return new BufferAndBacklog(next, backlog(), nextType(), sequenceNumber++);
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

    /** What is kept of what has not left is lost. */
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
                parent.getPartitionId(),
                getSubPartitionIndex(),
                HoldfastOptions.IN_FLIGHT_LOG_MEMORY.key(),
                HoldfastOptions.IN_FLIGHT_LOG_DISK.key());
    }

    @GuardedBy("buffers")
    private void stopRetaining() {
        log.forget();
        stream.forget();
    }

    /** Any thread. What is kept elsewhere is sent before the queue is. */
    @Override
    public int getBuffersInBacklogUnsafe() {
        return isBlocked ? 0 : super.getBuffersInBacklogUnsafe() + log.dataBuffers();
    }

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
    void forget() {
        boolean acknowledge;
        synchronized (buffers) {
            stopRetaining();
            acknowledge = hold.isAgain() && readView == null && detach(); // what is to leave again is what to forget
        }
        if (acknowledge) {
            acknowledgeAllDataProcessed();
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
            log.clear();
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
