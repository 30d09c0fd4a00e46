package org.apache.flink.runtime.io.network.partition;

/**
 * One consumer's hold on a {@link HoldfastSubpartition}. Its end detaches the consumer; Flink's version ends the
 * subpartition.
 *
 * <p>Flink class: {@link PipelinedSubpartitionView}, read at 2.2.1 and 2.3.0. Here because {@code isReleased} is
 * package-private. No locks of its own.
 */
final class HoldfastSubpartitionView extends PipelinedSubpartitionView {

    private final HoldfastSubpartition subpartition;

    /** Whoever attaches. */
    HoldfastSubpartitionView(HoldfastSubpartition subpartition, BufferAvailabilityListener listener) {
        super(subpartition, listener);
        this.subpartition = subpartition;
    }

    /** Any thread. From now on this view yields nothing; the subpartition has another consumer, or none. */
    void end() {
        isReleased.set(true);
    }

    /** Netty thread; the consumer's task thread if it is local. */
    @Override
    public ResultSubpartition.BufferAndBacklog getNextBuffer() {
        return isReleased.get() ? null : super.getNextBuffer();
    }

    /** Netty thread; the consumer's task thread if it is local. */
    @Override
    public AvailabilityWithBacklog getAvailabilityAndBacklog(boolean isCreditAvailable) {
        return isReleased.get()
                ? new AvailabilityWithBacklog(false, 0)
                : super.getAvailabilityAndBacklog(isCreditAvailable);
    }

    /** Netty thread; the consumer's task thread if it is local. */
    @Override
    public void resumeConsumption() {
        if (!isReleased.get()) {
            super.resumeConsumption();
        }
    }

    /** Netty thread; the consumer's task thread if it is local. */
    @Override
    public void acknowledgeAllDataProcessed() {
        if (!isReleased.get()) {
            super.acknowledgeAllDataProcessed();
        }
    }

    /** Any thread. */
    @Override
    public void releaseAllResources() {
        if (isReleased.compareAndSet(false, true)) {
            subpartition.viewReleased(this);
        }
    }
}
