package org.apache.flink.runtime.io.network.partition.consumer;

import io.holdfast.flink.exchange.AttachedEvent;
import io.holdfast.flink.exchange.RecordScanner;
import io.holdfast.flink.exchange.StreamElements;
import io.holdfast.flink.exchange.WholeRecords;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.annotation.concurrent.GuardedBy;
import org.apache.flink.runtime.event.AbstractEvent;
import org.apache.flink.runtime.event.TaskEvent;
import org.apache.flink.runtime.io.network.api.CancelCheckpointMarker;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.EndOfData;
import org.apache.flink.runtime.io.network.api.EndOfPartitionEvent;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.io.network.api.serialization.EventSerializer;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.partition.PartitionNotFoundException;
import org.apache.flink.runtime.io.network.partition.ResultSubpartitionIndexSet;
import org.apache.flink.runtime.io.network.partition.consumer.HoldfastInputGate.ProducerAnswer;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.HoldfastReport;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A channel that lives as long as its gate while the attempts of its producer come and go behind it. It reads from at
 * most one {@link HoldfastLink} at a time; between two of them it says what the task must hear: that a checkpoint will
 * not be completed, that the producer is active again, the end of a stream whose producer is gone.
 *
 * <p>The gate knows only this object, so nothing in Flink's gate refers to a link, and an outdated notification of one
 * is a notification of this channel, at worst superfluous.
 *
 * <p>Flink class: {@link InputChannel}, read at 2.2.1 and 2.3.0. Here because most of its abstract methods are
 * package-private.
 *
 * <p>Locks: {@code lock} guards everything that is not final or volatile. Order: Flink's gate lock ({@code
 * inputChannelsWithData}), then {@code lock}, then those of a link or subpartition. While {@code lock} is held the gate
 * is not notified, no link is opened or closed, and no producer is acknowledged: those take locks that come earlier.
 */
final class HoldfastInputChannel extends InputChannel {

    private static final Logger LOG = LoggerFactory.getLogger(HoldfastInputChannel.class);

    /** Links opened in vain for want of buffers until the task is failed for it, about ten seconds. */
    private static final int SHORTAGES = 12;

    /** Attempts of the producer that a report speaks of; more than are ever lost between two checkpoints. */
    private static final int KEPT_READS = 16;

    private static final long FIRST_RETRY_MS = 100;
    private static final long LONGEST_RETRY_MS = 1_000;

    /** What waits to be read besides buffers: things that happened at this place in the stream. */
    private sealed interface Mark {}

    /** Nothing more comes from what was read so far. */
    private record Cut(int attempt) implements Mark {}

    /** The fence was raised: a checkpoint that waits for this channel's barrier waits in vain. */
    private record Fenced() implements Mark {}

    /** The producer had finished and its partition is gone. */
    private record Gone(int attempt) implements Mark {}

    private final HoldfastInputGate gate;
    private final Object lock = new Object();

    /** Changes of the link are visible to notifications, which take no lock. */
    private volatile HoldfastLink link;

    @GuardedBy("lock")
    private HoldfastShuffleDescriptor producer;

    @GuardedBy("lock")
    private boolean producerLost;

    /** No barrier comes on this channel: it has lost its producer, and no other attempt has greeted it yet. */
    @GuardedBy("lock")
    private boolean away;

    @GuardedBy("lock")
    private boolean started;

    @GuardedBy("lock")
    private boolean closed;

    /** Counts changes of mind about the link; attaching on behalf of an older one is given up. */
    @GuardedBy("lock")
    private int version;

    @GuardedBy("lock")
    private long retryMs = FIRST_RETRY_MS;

    /** Buffers of links that were cut, and marks, in the order of the stream. */
    @GuardedBy("lock")
    private final ArrayDeque<Object> waiting = new ArrayDeque<>();

    /** What the task gets next. */
    @GuardedBy("lock")
    private final ArrayDeque<Buffer> out = new ArrayDeque<>();

    @GuardedBy("lock")
    private boolean linkHasMore;

    /** Whom the task's next resume is for: the link whose barrier it is aligning; null if that one is gone. */
    @GuardedBy("lock")
    private HoldfastLink blocked;

    /** Whom the task's acknowledgement is for: the link that brought the end of data; null if that one is gone. */
    @GuardedBy("lock")
    private HoldfastLink ending;

    /** Where the element that is being read comes from; null if its link was cut. */
    @GuardedBy("lock")
    private HoldfastLink source;

    /** Links in a row that could not be opened for want of network buffers. */
    @GuardedBy("lock")
    private int openedInVain;

    @GuardedBy("lock")
    private IOException fatal;

    // ---- the stream as the task sees it

    @GuardedBy("lock")
    private RecordScanner scanner = new RecordScanner();

    @GuardedBy("lock")
    private WholeRecords records = new WholeRecords(scanner);

    @GuardedBy("lock")
    private StreamPosition start = StreamPosition.START;

    /** The link that is read from, or was last, has said where its stream begins. */
    @GuardedBy("lock")
    private boolean greeted;

    @GuardedBy("lock")
    private StreamPosition dropped = StreamPosition.START;

    @GuardedBy("lock")
    private BarrierPositions barriers = new BarrierPositions();

    @GuardedBy("lock")
    private long lastBarrier = -1;

    @GuardedBy("lock")
    private boolean endOfData;

    @GuardedBy("lock")
    private boolean endOfPartition;

    /** The link that brought the end of the partition; null if that one is gone. */
    @GuardedBy("lock")
    private HoldfastLink endedPartition;

    /** The task has read everything; a restarted producer is only listened to until it ends. */
    private volatile boolean draining;

    // ---- what the JobMaster has to be told

    @GuardedBy("lock")
    private final List<HoldfastReport.Read> earlier = new ArrayList<>();

    @GuardedBy("lock")
    private HoldfastReport.Attached report;

    @GuardedBy("lock")
    private boolean reportDue;

    /** TaskExecutor main thread, while the task is created. */
    HoldfastInputChannel(
            HoldfastInputGate gate,
            int index,
            HoldfastShuffleDescriptor producer,
            ResultSubpartitionIndexSet subpartitions) {
        super(gate, index, producer.getResultPartitionID(), subpartitions, 0, 0, gate.bytesIn(), gate.buffersIn());
        this.gate = gate;
        this.producer = producer;
    }

    // ------------------------------------------------------------------ the JobMaster's word

    /** Attaching thread. Attempt {@code attempt} of the producer is lost: nothing is read from it any more. */
    void producerLost(int attempt) {
        HoldfastLink old;
        synchronized (lock) {
            if (closed || producer.attempt() != attempt || producerLost) {
                return;
            }
            producerLost = true;
            old = cut();
            waiting.add(new Fenced());
        }
        close(old);
        hasData();
    }

    /** Attaching thread. The producer is served by {@code descriptor} from now on. */
    void producerAt(HoldfastShuffleDescriptor descriptor) {
        HoldfastLink old;
        int mine;
        synchronized (lock) {
            if (closed || descriptor.attempt() < producer.attempt()) {
                return;
            }
            if (descriptor.attempt() == producer.attempt()) {
                reportDue |= report != null && report.attempt() == descriptor.attempt();
                if (reportDue) {
                    gate.reportSoon();
                }
                return;
            }
            old = cut();
            waiting.add(new Fenced());
            producer = descriptor;
            producerLost = false;
            retryMs = FIRST_RETRY_MS;
            mine = version;
        }
        close(old);
        hasData();
        attachIfStarted(mine);
    }

    // ------------------------------------------------------------------ links

    /** Task thread. Flink asks for this once, when the task is ready to read. */
    @Override
    void requestSubpartitions() {
        int mine;
        synchronized (lock) {
            if (started || closed) {
                return;
            }
            started = true;
            mine = version;
        }
        attachIfStarted(mine);
    }

    private void attachIfStarted(int mine) {
        synchronized (lock) {
            if (!started || producerLost) {
                return;
            }
        }
        gate.attaching().connect(() -> attach(mine));
    }

    /** Connecting thread. */
    private void attach(int mine) {
        HoldfastLink fresh;
        synchronized (lock) {
            if (outdated(mine)) {
                return;
            }
            fresh = gate.newLink(this, producer);
        }
        try {
            fresh.open();
        } catch (InterruptedException e) { // the TaskManager ends
            Thread.currentThread().interrupt();
            fresh.close();
            return;
        } catch (IOException | RuntimeException e) {
            fresh.close();
            repair(mine, e);
            return;
        }
        boolean current;
        synchronized (lock) {
            current = !outdated(mine);
            if (current) {
                link = fresh;
                openedInVain = 0;
            }
        }
        if (!current) {
            fresh.close();
            return;
        }
        hasData();
        if (fresh.failure() != null) { // before it was the link, nobody listened
            linkBroken(fresh, fresh.failure());
        }
    }

    @GuardedBy("lock")
    private boolean outdated(int mine) {
        return closed || producerLost || mine != version || link != null;
    }

    /** Netty thread, attaching thread or task thread. */
    void linkHasData(HoldfastLink source) {
        if (link == source) {
            hasData();
        }
    }

    /** Netty thread, attaching thread or task thread. The producer may be alive: try again until the JobMaster knows. */
    void linkBroken(HoldfastLink source, Throwable cause) {
        gate.attaching().execute(() -> {
            int mine;
            synchronized (lock) {
                if (closed || link != source) {
                    return;
                }
                cut();
                mine = version;
            }
            close(source);
            hasData();
            repair(mine, cause);
        });
    }

    /** Attaching thread. */
    private void repair(int mine, Throwable cause) {
        HoldfastShuffleDescriptor wanted;
        long delayMs;
        synchronized (lock) {
            if (outdated(mine)) {
                return;
            }
            if (isShortage(cause) && ++openedInVain >= SHORTAGES) {
                fatal = new IOException(cause);
                wanted = null;
            } else {
                wanted = producer;
            }
            delayMs = retryMs;
            retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
        }
        if (wanted == null) {
            hasData(); // the task fails with what Flink says about too few buffers
            return;
        }
        LOG.info(
                "Channel broken: task={} channel={} producer={} retryMs={} cause={}",
                gate.getOwningTaskName(),
                channelInfo,
                wanted.getResultPartitionID(),
                delayMs,
                cause.toString());
        boolean unreachable =
                cause instanceof PartitionNotFoundException || cause instanceof PartitionConnectionException;
        gate.attaching().schedule(() -> askAndAttach(mine, wanted, unreachable), delayMs);
    }

    /** Attaching thread. A task that was given up must not take the place of the attempt that replaces it. */
    private void askAndAttach(int mine, HoldfastShuffleDescriptor wanted, boolean unreachable) {
        gate.askLeave(leave -> {
            switch (leave) {
                case REFUSED ->
                    LOG.info(
                            "Replaced by another attempt, attaching no more: task={} channel={}",
                            gate.getOwningTaskName(),
                            channelInfo);
                case UNKNOWN ->
                    gate.attaching().schedule(() -> askAndAttach(mine, wanted, unreachable), LONGEST_RETRY_MS);
                case GRANTED -> {
                    if (unreachable) {
                        askProducer(mine, wanted);
                    } else {
                        gate.attaching().connect(() -> attach(mine));
                    }
                }
            }
        });
    }

    private void askProducer(int mine, HoldfastShuffleDescriptor wanted) {
        gate.askProducer(wanted, answer -> {
            if (answer == ProducerAnswer.FINISHED) {
                endGoneProducer(mine, wanted.attempt());
            } else {
                gate.attaching().connect(() -> attach(mine));
            }
        });
    }

    private static boolean isShortage(Throwable cause) {
        return String.valueOf(cause.getMessage()).startsWith("Insufficient number of network buffers");
    }

    private void endGoneProducer(int mine, int attempt) {
        synchronized (lock) {
            if (outdated(mine)) {
                return;
            }
            version++;
            waiting.add(new Gone(attempt));
        }
        hasData();
    }

    /** Ends the link, keeping what it has received. Its caller closes it, and notifies. */
    @GuardedBy("lock")
    private HoldfastLink cut() {
        version++;
        HoldfastLink old = link;
        link = null;
        linkHasMore = false;
        blocked = null;
        ending = null;
        if (old != null) {
            try {
                while (old.holdsBuffers()) {
                    old.poll().ifPresent(next -> waiting.add(next.buffer()));
                }
            } catch (IOException e) {
                LOG.warn("Received buffers dropped: task={} channel={}", gate.getOwningTaskName(), channelInfo, e);
            }
            waiting.add(new Cut(producer.attempt()));
            away(true);
        }
        return old;
    }

    @GuardedBy("lock")
    private void away(boolean lost) {
        boolean now = lost && !closed && !endOfPartition;
        if (away != now) {
            away = now;
            gate.task().away(now);
        }
    }

    private static void close(HoldfastLink old) {
        if (old != null) {
            old.close();
        }
    }

    private void hasData() {
        if (draining) {
            gate.attaching().execute(this::drain);
        } else {
            gate.notifyChannelNonEmpty(this);
        }
    }

    // ------------------------------------------------------------------ reading

    /** Task thread, under the gate's lock. */
    @Override
    public Optional<BufferAndAvailability> getNextBuffer() throws IOException {
        synchronized (lock) {
            if (closed) {
                return Optional.empty();
            }
            if (fatal != null) {
                throw fatal;
            }
            // What arrives at the link while this channel is queued is not announced: only a look can tell.
            linkHasMore = link != null;
            while (out.isEmpty()) {
                if (!readOne()) {
                    return Optional.empty();
                }
            }
            Buffer next = out.poll();
            boolean more = !out.isEmpty() || !waiting.isEmpty() || linkHasMore;
            return Optional.of(
                    new BufferAndAvailability(next, more ? Buffer.DataType.DATA_BUFFER : Buffer.DataType.NONE, 0, -1));
        }
    }

    /** Reads one buffer or mark into {@link #out}; false if there is none now. */
    @GuardedBy("lock")
    private boolean readOne() throws IOException {
        Object next = waiting.poll();
        source = null;
        if (next == null) {
            HoldfastLink current = link;
            source = current;
            Optional<BufferAndAvailability> read = current == null ? Optional.empty() : current.poll();
            if (read.isEmpty()) {
                linkHasMore = false;
                return false;
            }
            linkHasMore = read.get().moreAvailable();
            next = read.get().buffer();
        } else {
            linkHasMore = link != null; // its notification may be used up: look
        }
        if (next instanceof Cut cut) {
            afterCut(cut);
        } else if (next instanceof Fenced) {
            cancelWhatWaitsForThis();
        } else if (next instanceof Gone gone) {
            afterGone(gone);
        } else {
            Buffer buffer = (Buffer) next;
            if (buffer.isBuffer()) {
                data(buffer);
            } else {
                event(buffer);
            }
        }
        return true;
    }

    @GuardedBy("lock")
    private void data(Buffer buffer) {
        if (endOfData && (draining || gate.allDataRead())) {
            StreamPosition before = scanner.position();
            scanner.scan(buffer.getNioBufferReadable());
            dropped = dropped.plus(scanner.position().minus(before));
            buffer.recycleBuffer();
        } else {
            records.accept(buffer, out);
        }
    }

    @GuardedBy("lock")
    private void event(Buffer buffer) throws IOException {
        AbstractEvent event = EventSerializer.fromSerializedEvent(
                buffer.getNioBufferReadable(), getClass().getClassLoader());
        if (event instanceof CheckpointBarrier barrier) {
            barrier(buffer, barrier.getId());
        } else if (event instanceof AttachedEvent attached) {
            buffer.recycleBuffer();
            attached(attached);
        } else if (event instanceof EndOfData) {
            if (endOfData) { // of an attempt that came after one that had got this far
                buffer.recycleBuffer();
                reportDropped();
                acknowledgeSoon();
            } else {
                endOfData = true;
                ending = source;
                out.add(buffer);
            }
        } else if (event instanceof EndOfPartitionEvent) {
            if (endOfPartition) {
                buffer.recycleBuffer();
                closeLinkSoon();
            } else {
                endOfPartition = true;
                endedPartition = source;
                away(false);
                out.add(buffer);
            }
        } else {
            out.add(buffer);
        }
    }

    @GuardedBy("lock")
    private void barrier(Buffer buffer, long id) {
        barriers.put(id, scanner.position());
        lastBarrier = Math.max(lastBarrier, id);
        // A barrier that cannot be aligned, for an input of this task was replaced since or is away, is not waited for.
        if (draining || id <= gate.task().fence() || gate.task().anyAway()) {
            boolean waits = source != null && buffer.getDataType().isBlockingUpstream();
            buffer.recycleBuffer();
            if (waits) {
                gate.attaching().execute(source::resume);
            }
            if (!draining) {
                cancelCheckpoint(id);
            }
        } else {
            gate.task().barrierSeen(id);
            blocked = buffer.getDataType().isBlockingUpstream() ? source : null;
            out.add(buffer);
        }
    }

    @GuardedBy("lock")
    private void cancelCheckpoint(long id) {
        out.add(eventBuffer(new CancelCheckpointMarker(id)));
    }

    @GuardedBy("lock")
    private void afterCut(Cut cut) {
        records.abandonRecord();
        if (greeted) {
            earlier.add(new HoldfastReport.Read(
                    cut.attempt(), start, scanner.position().minus(dropped), barriers.copy(), dropped));
        }
        greeted = false;
        if (earlier.size() > KEPT_READS) {
            earlier.remove(0);
        }
        boolean wasIdle = scanner.idle();
        scanner = new RecordScanner();
        records = new WholeRecords(scanner);
        barriers = new BarrierPositions();
        start = StreamPosition.START;
        dropped = StreamPosition.START;
        if (endOfPartition) {
            return;
        }
        cancelWhatWaitsForThis();
        if (wasIdle) { // or the next attempt's watermarks would be ignored
            out.add(StreamElements.active());
        }
    }

    /** The last barrier that the task has seen will not come on this channel, if it has not come before. */
    @GuardedBy("lock")
    private void cancelWhatWaitsForThis() {
        long seen =
                Math.max(gate.task().lastBarrier(), gate.task().fence()); // its consumers may have seen it elsewhere
        if (seen > lastBarrier && !endOfPartition) {
            lastBarrier = seen;
            cancelCheckpoint(seen);
        }
    }

    @GuardedBy("lock")
    private void attached(AttachedEvent event) {
        start = event.start();
        greeted = true;
        away(false);
        retryMs = FIRST_RETRY_MS;
        reportAttached(event.attempt(), event.start(), event.barriers(), event.endOfPartition(), false);
        if (!endOfPartition) {
            if (event.lastBarrier() >= 0) {
                cancelCheckpoint(event.lastBarrier());
            }
            if (event.watermark() > Long.MIN_VALUE) {
                out.add(StreamElements.watermark(event.watermark()));
            }
            if (event.idle()) {
                out.add(StreamElements.idle());
            }
        }
        event.endOfData().ifPresent(this::end);
        if (event.endOfPartition()) {
            endPartition();
        }
    }

    @GuardedBy("lock")
    private void afterGone(Gone gone) {
        LOG.info(
                "Producer has finished and its partition is gone: task={} channel={} attempt={}",
                gate.getOwningTaskName(),
                channelInfo,
                gone.attempt());
        reportAttached(gone.attempt(), StreamPosition.START, new BarrierPositions(), true, true);
        if (!endOfData) {
            out.add(StreamElements.watermark(Long.MAX_VALUE));
        }
        end(StopMode.DRAIN);
        endPartition();
    }

    @GuardedBy("lock")
    private void end(StopMode mode) {
        if (endOfData) {
            acknowledgeSoon();
        } else {
            endOfData = true;
            ending = source;
            out.add(eventBuffer(new EndOfData(mode)));
        }
    }

    @GuardedBy("lock")
    private void endPartition() {
        if (endOfPartition) {
            closeLinkSoon();
        } else {
            endOfPartition = true;
            endedPartition = source;
            away(false);
            out.add(eventBuffer(EndOfPartitionEvent.INSTANCE));
        }
    }

    @GuardedBy("lock")
    private void acknowledgeSoon() {
        HoldfastLink current = source;
        if (current != null) {
            gate.attaching().execute(current::acknowledge);
        }
    }

    private void closeLinkSoon() {
        HoldfastLink current = link;
        if (current != null) {
            gate.attaching().execute(() -> {
                synchronized (lock) {
                    if (link == current) {
                        version++;
                        link = null;
                    }
                }
                current.close();
            });
        }
    }

    private static Buffer eventBuffer(AbstractEvent event) {
        try {
            return EventSerializer.toBuffer(event, false);
        } catch (IOException e) {
            throw new IllegalStateException("An event cannot be written to memory", e);
        }
    }

    /** Attaching thread. Reads on for a task that has read everything, so that a restarted producer can end. */
    private void drain() {
        synchronized (lock) {
            try {
                while (!closed && !gate.isClosing() && readOne()) {
                    clearOut();
                }
            } catch (IOException e) {
                LOG.warn("Draining failed: task={} channel={}", gate.getOwningTaskName(), channelInfo, e);
            }
        }
    }

    @GuardedBy("lock")
    private void clearOut() {
        out.forEach(Buffer::recycleBuffer);
        out.clear();
    }

    // ------------------------------------------------------------------ reporting

    @GuardedBy("lock")
    private void reportAttached(
            int attempt, StreamPosition from, BarrierPositions at, boolean ended, boolean synthetic) {
        boolean asEver = attempt == 0
                && gate.task().attempt().getAttemptNumber() == 0
                && earlier.isEmpty()
                && !synthetic
                && from.isZero();
        if (asEver) {
            return;
        }
        report = new HoldfastReport.Attached(
                partitionId.getPartitionId(),
                attempt,
                from,
                at,
                List.copyOf(earlier),
                StreamPosition.START,
                ended,
                synthetic);
        reportDue = true;
        gate.reportSoon();
    }

    /** All that this attempt had to say has come, and some of it came too late. */
    @GuardedBy("lock")
    private void reportDropped() {
        if (report != null && !dropped.isZero()) {
            report = report.dropping(dropped);
            reportDue = true;
            gate.reportSoon();
        }
    }

    /** Reporting thread. What is due, which counts as told. */
    Optional<HoldfastReport.Attached> takeReport() {
        synchronized (lock) {
            if (!reportDue) {
                return Optional.empty();
            }
            reportDue = false;
            return Optional.of(report);
        }
    }

    /** Reporting thread. The report did not arrive. */
    void reportAgain() {
        synchronized (lock) {
            reportDue = true;
        }
    }

    // ------------------------------------------------------------------ the task's word

    /** Task thread. */
    @Override
    public void resumeConsumption() {
        HoldfastLink held;
        synchronized (lock) {
            held = blocked;
            blocked = null;
        }
        if (held != null) { // a link that came later has not been blocked by this task
            held.resume();
        }
    }

    /** Task thread. */
    @Override
    public void acknowledgeAllRecordsProcessed() {
        HoldfastLink ended;
        synchronized (lock) {
            ended = ending;
        }
        if (ended != null) { // else the next attempt's end of data is acknowledged when it comes
            ended.acknowledge();
        }
    }

    /** Task thread. */
    @Override
    void sendTaskEvent(TaskEvent event) throws IOException {
        HoldfastLink current = link;
        if (current != null) {
            current.send(event);
        }
    }

    /** Task thread. */
    @Override
    void announceBufferSize(int newBufferSize) {
        HoldfastLink current = link;
        if (current != null) {
            current.announce(newBufferSize);
        }
    }

    /** Task thread: never asked, for a channel of a stream reads one subpartition. */
    @Override
    protected int peekNextBufferSubpartitionIdInternal() {
        throw new UnsupportedOperationException("A re-attachable channel reads exactly one subpartition");
    }

    /** Any thread. */
    @Override
    boolean isReleased() {
        synchronized (lock) {
            return closed;
        }
    }

    /** Task thread when the channel has ended; any thread when the gate closes. */
    @Override
    void releaseAllResources() {
        HoldfastLink old;
        synchronized (lock) {
            boolean over = gate.isClosing() || link == endedPartition;
            old = over ? link : null;
            if (over) {
                version++;
                link = null;
            }
            if (gate.isClosing()) {
                closed = true;
                away(false);
                clearOut();
                for (Object next : waiting) {
                    if (next instanceof Buffer buffer) {
                        buffer.recycleBuffer();
                    }
                }
                waiting.clear();
            } else {
                draining = true; // and the link, if it is of a later attempt, is read until it ends
            }
        }
        close(old);
        if (draining) {
            hasData();
        }
    }

    // ------------------------------------------------------------------ metrics

    /** Metrics thread. The link's channel, or this one if there is none. */
    InputChannel visible() {
        HoldfastLink current = link;
        return current == null ? this : current.channel();
    }

    @Override
    int getBuffersInUseCount() {
        HoldfastLink current = link;
        return current == null ? 0 : current.channel().getBuffersInUseCount();
    }

    @Override
    public int unsynchronizedGetNumberOfQueuedBuffers() {
        HoldfastLink current = link;
        return current == null ? 0 : current.channel().unsynchronizedGetNumberOfQueuedBuffers();
    }

    @Override
    public long unsynchronizedGetSizeOfQueuedBuffers() {
        HoldfastLink current = link;
        return current == null ? 0 : current.channel().unsynchronizedGetSizeOfQueuedBuffers();
    }

    /** For logs. */
    @Override
    public String toString() {
        synchronized (lock) {
            return "HoldfastInputChannel [" + producer.getResultPartitionID() + (link == null ? ", no link]" : "]");
        }
    }
}
