package org.apache.flink.runtime.io.network.partition.consumer;

import io.holdfast.flink.exchange.NettyBoundary;
import io.holdfast.flink.exchange.SequenceWord;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.runtime.event.TaskEvent;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.partition.PartitionNotFoundException;

/**
 * A link over the network.
 *
 * <p>Flink class: {@link RemoteInputChannel}, read at 2.2.1 and 2.3.0. Here because {@code releaseAllResources}, {@code
 * setup} and {@code sendTaskEvent} are package-private. Every error that Flink would fail the task with ends in {@link
 * #setError}, and from there at the channel.
 *
 * <p>Happens-before: {@code requested} is volatile, and written behind all that opening does; the first {@code failure}
 * wins by compare-and-set, and is there before the channel is told. {@code received} is its connection's netty thread's
 * alone.
 */
final class HoldfastRemoteLink extends HoldfastRemoteChannel implements HoldfastLink {

    private final HoldfastInputChannel owner;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile boolean requested;

    /** Buffers that came in order. Netty thread. */
    private int received;

    /** Attaching thread. */
    HoldfastRemoteLink(HoldfastInputChannel owner, HoldfastInputGateFactory.RemoteParts parts) {
        super(parts);
        this.owner = owner;
    }

    @Override
    public void open() throws IOException, InterruptedException {
        setup();
        requestSubpartitions();
        requested = true;
    }

    @Override
    public Optional<BufferAndAvailability> poll() throws IOException {
        return requested && !isReleased() ? getNextBuffer() : Optional.empty();
    }

    @Override
    public boolean holdsBuffers() {
        return requested && !isReleased() && getNumberOfQueuedBuffers() > 0;
    }

    @Override
    public Throwable failure() {
        return failure.get();
    }

    /** Netty thread, attaching thread or task thread. */
    @Override
    protected void setError(Throwable cause) {
        if (failure.compareAndSet(null, cause)) {
            owner.linkBroken(this, cause);
        }
    }

    /** Netty thread. {@code sequenceNumber} is a {@link SequenceWord}. */
    @Override
    public void onBuffer(Buffer buffer, int sequenceNumber, int backlog, int subpartitionId) throws IOException {
        expect(sequenceNumber);
        super.onBuffer(buffer, sequenceNumber, backlog, subpartitionId);
    }

    /** Netty thread. {@code sequenceNumber} is a {@link SequenceWord}. */
    @Override
    public void onEmptyBuffer(int sequenceNumber, int backlog) throws IOException {
        expect(sequenceNumber);
        super.onEmptyBuffer(sequenceNumber, backlog);
    }

    /** Flink expects the word before this one, plus one: the order is that, the number of records is not. */
    private void expect(int word) {
        if (SequenceWord.is(word, received)) {
            setExpectedSequenceNumber(word);
            received++;
        }
    }

    /** Netty thread. The producer's TaskManager does not have the partition, even after waiting for it. */
    @Override
    public void onFailedPartitionRequest() {
        setError(new PartitionNotFoundException(partitionId));
    }

    /** Netty thread. */
    @Override
    protected void notifyChannelNonEmpty() {
        owner.linkHasData(this);
    }

    /** Netty thread or any thread that recycles a buffer. */
    @Override
    public void notifyBufferAvailable(int numAvailableBuffers) throws IOException {
        if (requestSent() && failure.get() == null && !isReleased()) {
            super.notifyBufferAvailable(numAvailableBuffers);
        }
    }

    private boolean requestSent() {
        return getPartitionRequestClient() != null;
    }

    private boolean usable() {
        return requested && failure.get() == null && !isReleased();
    }

    @Override
    public void resume() {
        if (usable()) {
            NettyBoundary.run("resume", this::resumeConsumption, this::setError);
        }
    }

    @Override
    public void acknowledge() {
        if (usable()) {
            NettyBoundary.run("acknowledge", this::acknowledgeAllRecordsProcessed, this::setError);
        }
    }

    @Override
    public void send(TaskEvent event) throws IOException {
        if (usable()) {
            sendTaskEvent(event);
        }
    }

    @Override
    public void announce(int bufferSize) {
        if (usable()) {
            NettyBoundary.run("announce", () -> announceBufferSize(bufferSize), this::setError);
        }
    }

    @Override
    public void close() {
        NettyBoundary.run("close", this::releaseAllResources, ignored -> {});
    }

    @Override
    public InputChannel channel() {
        return this;
    }
}
