package org.apache.flink.runtime.io.network.partition.consumer;

import io.holdfast.flink.autopartition.Consumption;
import io.holdfast.flink.exchange.AttachmentReport;
import io.holdfast.flink.exchange.ConsumedStream;
import io.holdfast.flink.exchange.LinkRetries;
import java.io.IOException;
import java.util.Optional;
import javax.annotation.Nullable;
import javax.annotation.concurrent.GuardedBy;
import org.apache.flink.runtime.event.TaskEvent;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.partition.ResultSubpartitionIndexSet;
import org.apache.flink.runtime.shuffle.HoldfastReport;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A channel that lives as long as its gate while the attempts of its producer come and go behind it. It reads from at
 * most one {@link HoldfastLink} at a time. Its parts do the work: the {@link HoldfastConnector} opens and cuts links,
 * the {@link HoldfastInflow} puts in order what they bring, the {@link ConsumedStream} decides what the task hears of
 * it, and the {@link AttachmentReport} what the JobMaster hears.
 *
 * <p>The gate knows only this object, so nothing in Flink's gate refers to a link, and an outdated notification of one
 * is a notification of this channel, at worst superfluous.
 *
 * <p>Flink class: {@link InputChannel}, read at 2.2.1 and 2.3.0. Here because most of its abstract methods are
 * package-private.
 *
 * <p>Locks: {@code lock} guards everything that is not final or volatile, here and in the parts. Order: Flink's gate
 * lock ({@code inputChannelsWithData}), then {@code lock}, then those of a link or subpartition. While {@code lock} is
 * held the gate is not notified, no link is opened or closed, and no producer is acknowledged: those take locks that
 * come earlier.
 *
 * <p>Happens-before: announcements read {@code draining} without the lock. It is set before {@link
 * #releaseAllResources} has the channel drained, so one that still finds it false, and tells a gate that no longer
 * listens, is of something that this draining finds. For those of links see {@link HoldfastInflow}.
 */
final class HoldfastInputChannel extends InputChannel {

    private static final Logger LOG = LoggerFactory.getLogger(HoldfastInputChannel.class);

    private final HoldfastInputGate gate;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final AttachmentReport report;

    /** Its link is volatile, its words for the producer are guarded. */
    private final HoldfastInflow inflow;

    /** Whether it is draining is volatile, everything else is guarded. */
    private final ConsumedStream stream;

    /** Takes the lock itself. */
    private final HoldfastConnector connector;

    /** What the producer is told of what was consumed; null if it does not want to know. */
    private final @Nullable Consumption consumption;

    /** TaskExecutor main thread, while the task is created. */
    HoldfastInputChannel(
            HoldfastInputGate gate,
            int index,
            HoldfastShuffleDescriptor producer,
            ResultSubpartitionIndexSet subpartitions) {
        super(gate, index, producer.getResultPartitionID(), subpartitions, 0, 0, gate.bytesIn(), gate.buffersIn());
        this.gate = gate;
        LinkRetries retries = new LinkRetries();
        report = new AttachmentReport(partitionId.getPartitionId(), gate.task().attempt(), gate::reportSoon);
        inflow = new HoldfastInflow(lock, gate.attaching()::execute, retries, gate.getOwningTaskName(), channelInfo);
        stream = new ConsumedStream(gate.task(), inflow, report, gate::allDataRead);
        connector = new HoldfastConnector(this, gate, lock, inflow, stream, report, retries, producer);
        consumption = gate.consumption();
    }

    // ------------------------------------------------------------------ the JobMaster's word

    /** Attaching thread. Attempt {@code attempt} of the producer is lost: nothing is read from it any more. */
    void producerLost(int attempt) {
        connector.producerLost(attempt);
    }

    /** Attaching thread. The producer is served by {@code descriptor} from now on. */
    void producerAt(HoldfastShuffleDescriptor descriptor) {
        connector.producerAt(descriptor);
    }

    // ------------------------------------------------------------------ a link's word

    /** Netty thread, attaching thread or task thread. */
    void linkHasData(HoldfastLink source) {
        if (inflow.announced(source)) {
            hasData();
        }
    }

    /** Netty thread, attaching thread or task thread. */
    void linkBroken(HoldfastLink source, Throwable cause) {
        connector.linkBroken(source, cause);
    }

    /** Any thread, without the lock. */
    void hasData() {
        if (stream.draining()) {
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
            if (connector.isClosed()) {
                return Optional.empty();
            }
            if (connector.fatal() != null) {
                throw connector.fatal();
            }
            while (!stream.hasNext()) {
                if (!inflow.readOne(stream)) {
                    return Optional.empty();
                }
            }
            Buffer next = stream.next();
            if (consumption != null && next.isBuffer()) {
                handed(consumption);
            }
            boolean more = stream.hasNext() || inflow.hasMore();
            return Optional.of(
                    new BufferAndAvailability(next, more ? Buffer.DataType.DATA_BUFFER : Buffer.DataType.NONE, 0, -1));
        }
    }

    @GuardedBy("lock")
    private void handed(Consumption consumption) {
        if (stream.hasNext()) {
            consumption.handedPart(inflow.source());
        } else {
            consumption.handed(inflow.source(), stream.readBytes(), stream.readRecords());
        }
    }

    /** Task thread. Whether the last barrier was that of checkpoint {@code id}, or the partition has ended. */
    boolean isBehind(long id) {
        synchronized (lock) {
            return stream.isBehind(id);
        }
    }

    /** Attaching thread. Reads on for a task that has read everything, so that a restarted producer can end. */
    private void drain() {
        synchronized (lock) {
            try {
                while (!connector.isClosed() && !gate.isClosing() && inflow.readOne(stream)) {
                    stream.discard();
                }
            } catch (IOException e) {
                LOG.warn("Draining failed: task={} channel={}", gate.getOwningTaskName(), channelInfo, e);
            }
        }
    }

    // ------------------------------------------------------------------ reporting

    /** Reporting thread. What is due, which counts as told. */
    Optional<HoldfastReport.Attached> takeReport() {
        synchronized (lock) {
            return report.take();
        }
    }

    /** Reporting thread. The report did not arrive. */
    void reportAgain() {
        synchronized (lock) {
            report.again();
        }
    }

    // ------------------------------------------------------------------ the task's word

    /** Task thread. Flink asks for this once, when the task is ready to read. */
    @Override
    void requestSubpartitions() {
        connector.start();
    }

    /** Task thread. */
    @Override
    public void resumeConsumption() {
        HoldfastLink held;
        synchronized (lock) {
            held = inflow.takeBlocked();
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
            ended = inflow.ending();
        }
        if (ended != null) { // else the next attempt's end of data is acknowledged when it comes
            ended.acknowledge();
        }
    }

    /** Task thread. */
    @Override
    void sendTaskEvent(TaskEvent event) throws IOException {
        HoldfastLink current = inflow.link();
        if (current != null) {
            current.send(event);
        }
    }

    /** Task thread. */
    @Override
    void announceBufferSize(int newBufferSize) {
        HoldfastLink current = inflow.link();
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
            return connector.isClosed();
        }
    }

    /** Task thread when the channel has ended; any thread when the gate closes. */
    @Override
    void releaseAllResources() {
        HoldfastLink old;
        synchronized (lock) {
            boolean over = gate.isClosing() || inflow.hasEnded();
            old = over ? inflow.release() : null;
            if (gate.isClosing()) {
                connector.close();
                stream.close();
                inflow.discard();
            } else {
                stream.drain(); // and the link, if it is of a later attempt, is read until it ends
            }
        }
        if (old != null) {
            old.close();
        }
        if (stream.draining()) {
            hasData();
        }
    }

    // ------------------------------------------------------------------ metrics

    /** Metrics thread. The link's channel, or this one if there is none. */
    InputChannel visible() {
        HoldfastLink current = inflow.link();
        return current == null ? this : current.channel();
    }

    @Override
    int getBuffersInUseCount() {
        HoldfastLink current = inflow.link();
        return current == null ? 0 : current.channel().getBuffersInUseCount();
    }

    @Override
    public int unsynchronizedGetNumberOfQueuedBuffers() {
        HoldfastLink current = inflow.link();
        return current == null ? 0 : current.channel().unsynchronizedGetNumberOfQueuedBuffers();
    }

    @Override
    public long unsynchronizedGetSizeOfQueuedBuffers() {
        HoldfastLink current = inflow.link();
        return current == null ? 0 : current.channel().unsynchronizedGetSizeOfQueuedBuffers();
    }

    /** For logs. */
    @Override
    public String toString() {
        synchronized (lock) {
            return "HoldfastInputChannel [" + connector.producer() + (inflow.link() == null ? ", no link]" : "]");
        }
    }
}
