package io.holdfast.flink.networkmemory;

import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.buffer.BufferListener;
import org.apache.flink.runtime.io.network.buffer.LocalBufferPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Works off the debt of a shrink: empties leaving slabs and frees them.
 *
 * <p>A pool gives back only what it has too much. What it may keep circulates in it, and part of that lies in leaving
 * slabs. So the drain takes free buffers out of each pool and puts others in for them: idle ones directly, and of a pool
 * that has none, the next one that is recycled. To the pool this is a buffer that was requested and recycled.
 *
 * <p>One thread, which ends when there is nothing to do; what happens when a buffer is recycled runs in the thread that
 * recycles, without a lock of ours. Calls pools while it holds no lock.
 */
public final class SlabDrain implements AutoCloseable {

    /** What the drain needs of the pool that it works for. Any thread. */
    public interface Owner {

        /** All pools that draw on the store. */
        Collection<Drawing> drawings();

        /** Whether slabs are leaving, or should be. */
        boolean isInDebt();

        /** Chooses anew which slabs leave: some do not become free, and others may have meanwhile. */
        void reconsider();

        /** Nothing is leaving any more. */
        void drained(long millis);
    }

    /**
     * A pool that draws on the store.
     *
     * @param hasSubpartitions whether it is that of a result partition; else channels wait for its buffers in turn
     */
    public record Drawing(LocalBufferPool pool, boolean hasSubpartitions) {}

    private static final Logger LOG = LoggerFactory.getLogger(SlabDrain.class);

    private static final long BUSY_MS = 5;
    private static final long STUCK_MS = 100;
    private static final long RECONSIDER_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final SlabStore store;
    private final Owner owner;
    private final ScheduledThreadPoolExecutor executor;

    /** Pools whose next recycled buffer will be looked at. */
    private final Set<LocalBufferPool> watched =
            Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));

    // Of the drain's thread.
    private boolean draining;
    private long startedNanos;
    private long progressNanos;
    private int awaited;

    /** TaskManager start-up thread. */
    public SlabDrain(SlabStore store, Owner owner) {
        this.store = store;
        this.owner = owner;
        executor = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, "holdfast-network-memory");
            thread.setDaemon(true);
            return thread;
        });
        executor.setKeepAliveTime(5, TimeUnit.SECONDS);
        executor.allowCoreThreadTimeOut(true);
    }

    /** Any thread. There may be debt. */
    public void start() {
        execute(() -> {
            if (!draining) {
                draining = true;
                startedNanos = System.nanoTime();
                progressNanos = startedNanos;
                awaited = Integer.MAX_VALUE;
                round();
            }
        });
    }

    private void execute(Runnable work) {
        try {
            executor.execute(work);
        } catch (RejectedExecutionException closed) {
            LOG.debug("Dropped because the TaskManager ends");
        }
    }

    private void round() {
        long next;
        try {
            next = drain();
        } catch (Throwable t) { // the debt must not stay for ever
            LOG.error("Network memory was not given back for an unforeseen reason. Trying again in {} ms", STUCK_MS, t);
            next = STUCK_MS;
        }
        if (next > 0) {
            try {
                executor.schedule(this::round, next, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException closed) {
                LOG.debug("Dropped because the TaskManager ends");
            }
        }
    }

    /** Milliseconds until there is something to do again; 0 if there is not. */
    private long drain() {
        int freed = store.freeEmpty();
        if (!owner.isInDebt()) {
            draining = false;
            DirectMemory.trim();
            owner.drained((System.nanoTime() - startedNanos) / 1_000_000);
            return 0;
        }
        for (Drawing drawing : owner.drawings()) {
            if (store.awaited() == 0) {
                break;
            }
            exchange(drawing);
        }
        freed += store.freeEmpty();
        long now = System.nanoTime();
        int before = awaited;
        awaited = store.awaited();
        if (freed > 0 || awaited < before) {
            progressNanos = now;
        } else if (now - progressNanos > RECONSIDER_NANOS) {
            progressNanos = now;
            owner.reconsider();
            awaited = Integer.MAX_VALUE;
            return STUCK_MS;
        }
        return now - progressNanos > RECONSIDER_NANOS / 4 ? STUCK_MS : BUSY_MS;
    }

    private void exchange(Drawing drawing) {
        LocalBufferPool pool = drawing.pool();
        int idle = pool.getNumberOfAvailableMemorySegments();
        if (idle > 0) {
            for (int i = 0; i < idle && exchangeOne(pool); i++) {}
        } else if (!pool.isDestroyed() && watched.add(pool)) {
            if (drawing.hasSubpartitions()) {
                pool.getAvailableFuture().thenRun(() -> recycled(pool));
            } else if (!pool.addBufferListener(new NextRecycled(pool))) {
                watched.remove(pool);
            }
        }
    }

    private void recycled(LocalBufferPool pool) {
        watched.remove(pool);
        try {
            exchangeOne(pool);
        } catch (RuntimeException e) { // runs in the thread that has recycled
            LOG.error("A recycled network buffer was not exchanged for an unforeseen reason", e);
        }
    }

    private boolean exchangeOne(LocalBufferPool pool) {
        MemorySegment segment;
        try {
            segment = pool.requestMemorySegment();
        } catch (CancelTaskException destroyed) {
            return false;
        }
        if (segment == null) {
            return false;
        }
        pool.recycle(store.exchange(segment));
        return true;
    }

    /** Stands among the channels that wait for a buffer; passes on what it gets. */
    private final class NextRecycled implements BufferListener {

        private final LocalBufferPool pool;

        NextRecycled(LocalBufferPool pool) {
            this.pool = pool;
        }

        /** Thread that recycles. */
        @Override
        public boolean notifyBufferAvailable(Buffer buffer) {
            watched.remove(pool);
            pool.recycle(store.exchange(buffer.getMemorySegment()));
            return true;
        }

        /** Thread that destroys the pool. */
        @Override
        public void notifyBufferDestroyed() {
            watched.remove(pool);
        }
    }

    /** TaskManager's closing thread. */
    @Override
    public void close() {
        executor.shutdownNow();
    }
}
