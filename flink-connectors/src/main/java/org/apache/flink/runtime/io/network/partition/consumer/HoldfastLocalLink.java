package org.apache.flink.runtime.io.network.partition.consumer;

import io.holdfast.flink.exchange.NettyBoundary;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.runtime.event.TaskEvent;
import org.apache.flink.runtime.execution.CancelTaskException;

/**
 * A link to a producer on the same TaskManager.
 *
 * <p>Flink class: {@link LocalInputChannel}, read at 2.2.1 and 2.3.0. Here because {@code releaseAllResources} and
 * {@code sendTaskEvent} are package-private. Flink's version cancels the task when the producer's partition is
 * released, and a task that cancels itself is never restarted; this one breaks the link.
 *
 * <p>Happens-before: the first {@code failure} wins by compare-and-set, and is there before the channel is told.
 */
final class HoldfastLocalLink extends HoldfastLocalChannel implements HoldfastLink {

    private final HoldfastInputChannel owner;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    /** Attaching thread. */
    HoldfastLocalLink(HoldfastInputChannel owner, HoldfastInputGateFactory.LocalParts parts) {
        super(parts);
        this.owner = owner;
    }

    @Override
    public void open() throws IOException {
        requestSubpartitions();
    }

    @Override
    public Optional<BufferAndAvailability> poll() throws IOException {
        if (!usable()) {
            return Optional.empty();
        }
        try {
            return getNextBuffer();
        } catch (CancelTaskException released) {
            setError(released);
            return Optional.empty();
        }
    }

    @Override
    public boolean holdsBuffers() {
        return false; // what was not read lies in the producer's subpartition
    }

    @Override
    public Throwable failure() {
        return failure.get();
    }

    /** Task thread or attaching thread. */
    @Override
    protected void setError(Throwable cause) {
        if (failure.compareAndSet(null, cause)) {
            owner.linkBroken(this, cause);
        }
    }

    /** Producer's task thread, output flusher, or whoever resumes. */
    @Override
    protected void notifyChannelNonEmpty() {
        owner.linkHasData(this);
    }

    private boolean usable() {
        return getSubpartitionView() != null && failure.get() == null && !isReleased();
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
