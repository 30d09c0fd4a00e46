package org.apache.flink.runtime.io.network.partition;

import io.holdfast.flink.autopartition.ConsumptionWord;
import java.io.IOException;
import org.apache.flink.runtime.io.network.netty.HoldfastCredits;

/**
 * One consumer's hold on a {@link HoldfastSubpartition}. Its end detaches the consumer; Flink's version ends the
 * subpartition.
 *
 * <p>Flink class: {@link PipelinedSubpartitionView}, read at 2.2.1 and 2.3.0. Here because {@code isReleased} is
 * package-private. No locks of its own.
 *
 * <p>Happens-before: {@code ended} is written before {@code isReleased} is set. Flink looks whether a view is released
 * and then asks why, once; so whoever sees the end sees its cause.
 */
final class HoldfastSubpartitionView extends PipelinedSubpartitionView {

    private static final String ENDED =
            "This subpartition has been given to another attempt of its consumer, or its" + " consumer was given up";

    private final HoldfastSubpartition subpartition;
    private final BufferAvailabilityListener listener;
    private volatile boolean ended;

    /** Whoever attaches. */
    HoldfastSubpartitionView(HoldfastSubpartition subpartition, BufferAvailabilityListener listener) {
        super(subpartition, listener);
        this.subpartition = subpartition;
        this.listener = listener;
    }

    /**
     * Any thread, under the subpartition's lock. From now on this view yields nothing; the subpartition has another
     * consumer, or none.
     */
    void end() {
        ended = true;
        isReleased.set(true);
    }

    /** Any thread, without the subpartition's lock. If somebody reads here after all, let them see that it is over. */
    void tellOfEnd() {
        notifyDataAvailable();
    }

    /** Netty thread. What is sent to a remote reader of an ended view; it attaches again, if it is alive. */
    @Override
    public Throwable getFailureCause() {
        return ended ? new ProducerFailedException(new IOException(ENDED)) : super.getFailureCause();
    }

    /** Netty thread; the consumer's task thread if it is local. */
    @Override
    public ResultSubpartition.BufferAndBacklog getNextBuffer() {
        return isReleased.get() ? null : subpartition.pollFor(this);
    }

    /** Netty thread; the consumer's task thread if it is local. */
    @Override
    public AvailabilityWithBacklog getAvailabilityAndBacklog(boolean isCreditAvailable) {
        return isReleased.get()
                ? new AvailabilityWithBacklog(ended, 0)
                : super.getAvailabilityAndBacklog(isCreditAvailable);
    }

    /** Netty thread; the consumer's task thread if it is local. */
    @Override
    public void resumeConsumption() {
        subpartition.resumeFor(this);
    }

    /** Netty thread; the consumer's task thread if it is local. */
    @Override
    public void acknowledgeAllDataProcessed() {
        if (!isReleased.get()) {
            super.acknowledgeAllDataProcessed();
        }
    }

    /** Netty thread; task thread or attaching thread of the consumer if it is local. Also carries what it has consumed. */
    @Override
    public void notifyNewBufferSize(int newBufferSize) {
        if (ConsumptionWord.is(newBufferSize)) {
            subpartition.consumedFor(this, newBufferSize);
        } else {
            super.notifyNewBufferSize(newBufferSize);
        }
    }

    /** Metrics thread. Buffers that the consumer has room for; negative if it is local. */
    int credits() {
        return HoldfastCredits.of(listener);
    }

    /** Any thread. */
    @Override
    public void releaseAllResources() {
        if (isReleased.compareAndSet(false, true)) {
            subpartition.viewReleased(this);
        }
    }
}
