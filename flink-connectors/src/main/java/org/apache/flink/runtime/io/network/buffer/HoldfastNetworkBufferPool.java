package org.apache.flink.runtime.io.network.buffer;

import io.holdfast.flink.networkmemory.AgentLoan;
import io.holdfast.flink.networkmemory.NetworkMemoryMXBean;
import io.holdfast.flink.networkmemory.NetworkMemorySettings;
import io.holdfast.flink.networkmemory.Shares;
import io.holdfast.flink.networkmemory.Slab;
import io.holdfast.flink.networkmemory.SlabDrain;
import io.holdfast.flink.networkmemory.SlabDrain.Drawing;
import io.holdfast.flink.networkmemory.SlabStore;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.annotation.Nullable;
import javax.annotation.concurrent.GuardedBy;
import org.apache.flink.core.memory.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network memory of a TaskManager, whose size may change while tasks run.
 *
 * <p>A shrink counts at once for what pools may have, and Flink's pools give back what they have too much as it is
 * recycled; memory follows as slabs become free. If tasks must have more buffers than a shrink has left, they get them:
 * the shrink is undone as far as is needed.
 *
 * <p>Flink class: {@link NetworkBufferPool}, which never changes its size and keeps everything in private fields. All its
 * methods are overridden that touch one, and it is created without a segment. Read at 2.2.1 and 2.3.0. Here because the
 * constructor of {@link LocalBufferPool} is package-private.
 *
 * <p>Locks: {@code resizing} (one change of the size at a time; memory is allocated with
 * this one only), then {@code lock} (pools and what they must have), then the lock of a
 * {@link LocalBufferPool}, then that of the {@link SlabStore}. What a local pool calls must not take {@code lock}.
 */
public final class HoldfastNetworkBufferPool extends NetworkBufferPool implements NetworkMemoryMXBean, SlabDrain.Owner {

    private static final Logger LOG = LoggerFactory.getLogger(HoldfastNetworkBufferPool.class);

    private final NetworkMemorySettings settings;
    private final Duration requestTimeout;
    private final SlabStore store;
    private final SlabDrain drain;

    private final Object resizing = new Object();
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Map<LocalBufferPool, Drawing> pools = new LinkedHashMap<>();

    // Written with the lock; volatile for who only looks, and must not wait: it may be held while a task waits.

    /** Segments that the holders of pools and of unpooled segments must have. */
    private volatile int required;

    private volatile int target;

    /** Largest target so far; up to this the memory grows without being told to. */
    @GuardedBy("lock")
    private int largest;

    private volatile long grownBack;

    /**
     * TaskManager start-up thread.
     *
     * @throws OutOfMemoryError if the JVM's limit of direct memory does not allow the size at start
     */
    public HoldfastNetworkBufferPool(NetworkMemorySettings settings, Duration requestTimeout) {
        super(0, settings.segmentBytes(), requestTimeout);
        this.settings = settings;
        this.requestTimeout = requestTimeout;
        store = new SlabStore(settings.segmentBytes(), settings.slabBytes());
        drain = new SlabDrain(store, this);
        try {
            store.add(store.allocate(settings.initial()));
        } catch (OutOfMemoryError e) {
            throw new OutOfMemoryError(("Network memory of %d bytes does not fit into direct memory (%s). Increase"
                            + " -XX:MaxDirectMemorySize, or lower taskmanager.memory.network.*")
                    .formatted(settings.bytes(settings.initial()), e.getMessage()));
        }
        target = settings.initial();
        largest = target;
        LOG.info(
                "Network memory allocated: bytes={} segments={} segmentBytes={} minBytes={} maxBytes={}",
                settings.bytes(target),
                target,
                settings.segmentBytes(),
                getMinBytes(),
                getMaxBytes());
    }

    // ---- segments -------------------------------------------------------------------------------------------------

    /** Any thread, with the lock of a local pool. */
    @Override
    public @Nullable MemorySegment requestPooledMemorySegment() {
        return store.take();
    }

    /** Task thread. */
    @Override
    public List<MemorySegment> requestPooledMemorySegmentsBlocking(int count) throws IOException {
        return store.take(count, false, requestTimeout);
    }

    /** Task thread, with no lock held. Somebody must have a segment: part of a shrink is put off if none is free else. */
    void keepFree() {
        store.keepFree();
    }

    IOException noneFree(Duration waited) {
        return store.noneFree(waited);
    }

    /** Any thread, with the lock of a local pool. */
    @Override
    public void recyclePooledMemorySegment(MemorySegment segment) {
        store.recycle(List.of(segment), false);
    }

    /** Task thread. Exclusive buffers of a channel. */
    @Override
    public List<MemorySegment> requestUnpooledMemorySegments(int count) throws IOException {
        if (count < 0) {
            throw new IllegalArgumentException("Number of buffers to request must not be negative: " + count);
        }
        require(count);
        if (count == 0) {
            return List.of();
        }
        synchronized (lock) {
            redistribute();
        }
        boolean taken = false;
        try {
            List<MemorySegment> segments = store.take(count, true, requestTimeout);
            taken = true;
            return segments;
        } finally {
            if (!taken) {
                noLongerRequire(count);
            }
        }
    }

    /** Any thread. */
    @Override
    public void recycleUnpooledMemorySegments(Collection<MemorySegment> segments) {
        store.recycle(segments, true);
        noLongerRequire(segments.size());
    }

    private void noLongerRequire(int count) {
        synchronized (lock) {
            required -= count;
            redistribute();
        }
    }

    /** Any thread. */
    @Override
    public CompletableFuture<?> getAvailableFuture() {
        return store.availableFuture();
    }

    // ---- pools ----------------------------------------------------------------------------------------------------

    /** TaskExecutor's or task thread. */
    @Override
    public BufferPool createBufferPool(int numRequiredBuffers, int maxUsedBuffers) throws IOException {
        return createBufferPool(numRequiredBuffers, maxUsedBuffers, 0, Integer.MAX_VALUE, 0);
    }

    /** TaskExecutor's or task thread. */
    @Override
    public BufferPool createBufferPool(
            int numRequiredBuffers,
            int maxUsedBuffers,
            int numSubpartitions,
            int maxBuffersPerChannel,
            int maxOverdraftBuffersPerGate)
            throws IOException {
        require(numRequiredBuffers);
        synchronized (lock) {
            LocalBufferPool pool;
            try {
                checkNotDestroyed();
                pool = new HoldfastLocalBufferPool(
                        this,
                        requestTimeout,
                        numRequiredBuffers,
                        maxUsedBuffers,
                        numSubpartitions,
                        maxBuffersPerChannel,
                        maxOverdraftBuffersPerGate);
            } catch (IllegalArgumentException | IllegalStateException e) {
                required -= numRequiredBuffers;
                throw e;
            }
            pools.put(pool, new Drawing(pool, numSubpartitions > 0));
            redistribute();
            return pool;
        }
    }

    /** Any thread. */
    @Override
    public void destroyBufferPool(BufferPool bufferPool) {
        if (!(bufferPool instanceof LocalBufferPool)) {
            throw new IllegalArgumentException("bufferPool is no LocalBufferPool");
        }
        synchronized (lock) {
            if (pools.remove(bufferPool) != null) {
                required -= bufferPool.getNumberOfRequiredMemorySegments();
                redistribute();
            }
        }
    }

    /** TaskManager's closing thread. */
    @Override
    public void destroyAllBufferPools() {
        synchronized (lock) {
            List.copyOf(pools.keySet()).forEach(LocalBufferPool::lazyDestroy);
            if (!pools.isEmpty() || required > 0) {
                throw new IllegalStateException("NetworkBufferPool is not empty after destroying all LocalBufferPools");
            }
        }
    }

    /** TaskManager's closing thread. */
    @Override
    public void destroy() {
        drain.close();
        synchronized (lock) {
            super.destroy();
        }
        store.destroy();
    }

    @GuardedBy("lock")
    private void checkNotDestroyed() {
        if (isDestroyed()) {
            throw new IllegalStateException("Network buffer pool has already been destroyed.");
        }
    }

    /**
     * Counts {@code more} segments as required, and has memory for so many. Without {@code lock}: an allocation takes its
     * time, and only who must have more meanwhile waits too. Nothing has changed if it throws, except that memory may have
     * grown.
     */
    private void require(int more) throws IOException {
        int needed;
        synchronized (lock) {
            checkNotDestroyed();
            needed = Math.addExact(required, more);
            if (needed > largest) {
                throw insufficient(
                        more, largest, "Give the TaskManager more network memory (taskmanager.memory.network.*)", null);
            }
            required = needed; // before it is there, so that nobody else gets it, and nothing leaves of it
            if (needed <= target || more == 0) {
                return;
            }
        }
        try {
            synchronized (resizing) {
                growBack(needed);
            }
        } catch (OutOfMemoryError e) {
            synchronized (lock) {
                noLongerPromise(more);
                throw insufficient(
                        more,
                        store.capacity(),
                        "Network memory was shrunk, and the limit of direct memory does not let it grow back. Raise"
                                + " that limit, or give the TaskManager back its size",
                        e);
            }
        } catch (RuntimeException e) {
            synchronized (lock) {
                noLongerPromise(more);
            }
            throw e;
        }
    }

    @GuardedBy("lock")
    private void noLongerPromise(int segments) {
        required -= segments;
        store.leave(Math.max(target, required), false);
        drainDebt();
        redistribute();
    }

    private void drainDebt() {
        if (isInDebt()) {
            drain.start();
        }
    }

    @GuardedBy("resizing")
    private void growBack(int needed) {
        int lacking;
        synchronized (lock) {
            checkNotDestroyed();
            int least = Math.min(needed, required); // others may have gone meanwhile
            if (least <= target) {
                return;
            }
            store.stay(least);
            int slab = store.slabSegments();
            long whole = (Math.max(0, least - store.capacity()) + slab - 1L) / slab * slab;
            lacking = (int) Math.min(whole, Math.max(0, largest - store.capacity()));
        }
        List<Slab> added = List.of();
        try {
            if (lacking > 0) {
                AgentLoan.ask(settings.bytes(lacking)); // the limit of direct memory may have followed the shrink
                added = store.allocate(lacking);
            }
            synchronized (lock) {
                checkNotDestroyed();
                store.add(added);
                added = List.of();
                int before = target;
                int least = Math.max(before, required);
                store.leave(least, false); // what tasks have waited for, or given back since it was asked for
                if (least > before) {
                    target = store.capacity();
                    grownBack++;
                    LOG.warn(
                            "Network memory grew back, for tasks must have more than it was shrunk to: bytes={} before={}",
                            settings.bytes(target),
                            settings.bytes(before));
                }
                drainDebt();
            }
        } finally {
            SlabStore.release(added);
        }
    }

    @GuardedBy("lock")
    private IOException insufficient(int more, int of, String remedy, @Nullable Throwable cause) {
        return new IOException(
                "Insufficient number of network buffers: required %d, but only %d of %d are not promised. %s."
                        .formatted(more, of - required, of, remedy),
                cause);
    }

    /** Tells every pool its part of what nobody must have. */
    @GuardedBy("lock")
    private void redistribute() {
        List<LocalBufferPool> resizable = new ArrayList<>(pools.size());
        for (LocalBufferPool pool : pools.keySet()) {
            if (pool.getNumberOfRequiredMemorySegments() < pool.getMaxNumberOfMemorySegments()) {
                resizable.add(pool);
            }
        }
        int[] room = new int[resizable.size()];
        for (int i = 0; i < room.length; i++) {
            LocalBufferPool pool = resizable.get(i);
            room[i] = pool.getMaxNumberOfMemorySegments() - pool.getNumberOfRequiredMemorySegments();
        }
        int[] shares = Shares.of(store.capacity() - required, room);
        for (int i = 0; i < room.length; i++) {
            LocalBufferPool pool = resizable.get(i);
            pool.setNumBuffers(pool.getNumberOfRequiredMemorySegments() + shares[i]);
        }
    }

    // ---- size -----------------------------------------------------------------------------------------------------

    /** Any thread. */
    @Override
    public long resize(long bytes) {
        synchronized (resizing) {
            int wanted = settings.within(bytes);
            int before;
            synchronized (lock) {
                checkNotDestroyed();
                before = target;
                if (wanted < before) {
                    shrink(wanted);
                }
            }
            if (wanted > before) {
                grow(wanted);
            }
            synchronized (lock) {
                if (target != before) {
                    LOG.info(
                            "Network memory resized: bytes={} before={} debt={}",
                            settings.bytes(target),
                            settings.bytes(before),
                            getDebtBytes());
                }
                return settings.bytes(target);
            }
        }
    }

    @GuardedBy("lock")
    private void shrink(int wanted) {
        int floor = store.floor(required);
        if (wanted < floor) {
            throw new IllegalArgumentException(("Network memory of %d bytes is less than what tasks must have, and what"
                            + " live channels hold: %d. Ask for that much, or stop tasks first")
                    .formatted(settings.bytes(wanted), settings.bytes(floor)));
        }
        store.leave(Math.max(wanted, required), false);
        target = store.capacity();
        redistribute();
        drain.start();
    }

    @GuardedBy("resizing")
    private void grow(int wanted) {
        int missing;
        synchronized (lock) {
            store.stayWithin(wanted);
            missing = Math.max(0, wanted - store.capacity());
        }
        List<Slab> added = List.of();
        try {
            added = store.allocate(missing); // takes its time, and nobody waits for it
            synchronized (lock) {
                checkNotDestroyed();
                if (missing > settings.max() - store.capacity()) {
                    throw new IllegalStateException("Network memory has grown for a task meanwhile. Try again");
                }
                store.add(added);
                added = List.of();
                store.leave(Math.max(wanted, required), false); // what was kept for a task that needed it at once
                target = store.capacity();
                largest = Math.max(largest, target);
                redistribute();
            }
        } catch (OutOfMemoryError e) {
            synchronized (lock) {
                store.leave(Math.max(target, required), false);
                redistribute();
            }
            throw new IllegalArgumentException(
                    ("Network memory of %d bytes does not fit into direct memory (%s). Raise that limit first:"
                                    + " -XX:MaxDirectMemorySize, or Holdfast's agent")
                            .formatted(settings.bytes(wanted), e.getMessage()),
                    e);
        } finally {
            SlabStore.release(added);
        }
    }

    /** Drain's thread. */
    @Override
    public Collection<Drawing> drawings() {
        synchronized (lock) {
            return List.copyOf(pools.values());
        }
    }

    /** Drain's thread. */
    @Override
    public boolean isInDebt() {
        return store.held() > target;
    }

    /** Drain's thread. */
    @Override
    public void reconsider() {
        synchronized (lock) {
            store.leave(Math.max(target, required), true);
            redistribute();
        }
    }

    /** Drain's thread. */
    @Override
    public void drained(long millis) {
        LOG.info("Network memory given back: bytes={} millis={}", getSizeBytes(), millis);
    }

    // ---- figures --------------------------------------------------------------------------------------------------

    /** Any thread. Segments that are held, free or in use. */
    @Override
    public int getTotalNumberOfMemorySegments() {
        return isDestroyed() ? 0 : store.held();
    }

    /** Any thread. Those that can be had now: free segments of slabs that are leaving are none. */
    @Override
    public int getNumberOfAvailableMemorySegments() {
        return store.available();
    }

    /** Any thread. */
    @Override
    public int getNumberOfUsedMemorySegments() {
        return store.used();
    }

    /** Any thread. */
    @Override
    public int getNumberOfRegisteredBufferPools() {
        synchronized (lock) {
            return pools.size();
        }
    }

    /** Any thread. */
    @Override
    public long getEstimatedNumberOfRequestedMemorySegments() {
        synchronized (lock) {
            return pools.keySet().stream()
                    .mapToLong(LocalBufferPool::getEstimatedNumberOfRequestedMemorySegments)
                    .sum();
        }
    }

    /** Any thread. */
    @Override
    public int countBuffers() {
        synchronized (lock) {
            return pools.keySet().stream()
                    .mapToInt(LocalBufferPool::getNumBuffers)
                    .sum();
        }
    }

    /** Any thread. */
    @Override
    public int getSegmentBytes() {
        return settings.segmentBytes();
    }

    /** Any thread. */
    @Override
    public long getSizeBytes() {
        return settings.bytes(store.held());
    }

    /** Any thread. */
    @Override
    public long getTargetBytes() {
        return settings.bytes(target);
    }

    /** Any thread. */
    @Override
    public long getUsedBytes() {
        return settings.bytes(store.used());
    }

    /** Any thread. */
    @Override
    public long getFloorBytes() {
        return settings.bytes(Math.max(settings.min(), store.floor(required)));
    }

    /** Any thread. */
    @Override
    public long getMinBytes() {
        return settings.bytes(settings.min());
    }

    /** Any thread. */
    @Override
    public long getMaxBytes() {
        return settings.bytes(settings.max());
    }

    /** Any thread. */
    @Override
    public long getDebtBytes() {
        return settings.bytes(Math.max(0, store.held() - target));
    }

    /** Any thread. */
    @Override
    public long getGrownBack() {
        return grownBack;
    }
}
