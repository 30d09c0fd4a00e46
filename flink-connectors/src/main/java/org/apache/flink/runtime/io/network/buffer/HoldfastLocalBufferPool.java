package org.apache.flink.runtime.io.network.buffer;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.core.memory.MemorySegment;

/**
 * A local pool that counts what it reserves.
 *
 * <p>Flink class: {@link LocalBufferPool}, whose {@code reserveSegments} adds segments without counting them as
 * requested: the pool may later hold as many more than its size, and a shrink that has to drain would wait for them for
 * ever. Read at 2.2.1 and 2.3.0.
 */
final class HoldfastLocalBufferPool extends LocalBufferPool {

    /** Who waits looks again after this: another pool may have taken what was kept for it. */
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final HoldfastNetworkBufferPool network;
    private final Duration requestTimeout;

    HoldfastLocalBufferPool(
            HoldfastNetworkBufferPool network,
            Duration requestTimeout,
            int required,
            int max,
            int subpartitions,
            int maxPerChannel,
            int maxOverdraft) {
        super(network, required, max, subpartitions, maxPerChannel, maxOverdraft);
        this.network = network;
        this.requestTimeout = requestTimeout;
    }

    /**
     * Task thread. Waits, with no lock held, until the pool has requested so many segments.
     *
     * @throws IOException if no segment became free in time, or if the thread was interrupted
     */
    @Override
    public void reserveSegments(int segments) throws IOException {
        if (segments > getNumberOfRequiredMemorySegments()) {
            throw new IllegalArgumentException("Cannot reserve %d segments of a pool that requires %d"
                    .formatted(segments, getNumberOfRequiredMemorySegments()));
        }
        long deadline = System.nanoTime() + requestTimeout.toNanos();
        List<MemorySegment> idle = new ArrayList<>(segments);
        try {
            while (getNumberOfRequestedMemorySegments() < segments) {
                MemorySegment segment = requestMemorySegment(); // a pool that has none left requests the next one
                if (segment != null) {
                    idle.add(segment);
                } else {
                    network.keepFree();
                    awaitAvailable(deadline);
                }
            }
        } finally {
            idle.forEach(this::recycle);
        }
    }

    private void awaitAvailable(long deadline) throws IOException {
        long left = deadline - System.nanoTime();
        try {
            if (left <= 0) {
                throw network.noneFree(requestTimeout);
            }
            getAvailableFuture().get(Math.min(left, LOOK_NANOS), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            // looks again
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while waiting for network buffers", e);
        } catch (ExecutionException e) {
            throw new IOException("Cannot wait for network buffers", e.getCause());
        }
    }
}
