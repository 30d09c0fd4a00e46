package io.holdfast.flink.networkmemory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import javax.annotation.Nullable;
import javax.annotation.concurrent.GuardedBy;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.runtime.io.AvailabilityProvider.AvailabilityHelper;

/**
 * The segments of the network memory, in slabs. Segments are handed out from the first slab that has one, so that later
 * slabs are free, or nearly, when memory is to be given back.
 *
 * <p>A slab is <em>active</em> or <em>leaving</em>. A leaving slab hands out nothing; when all its segments are back its
 * memory can be freed, and not before: this is why no segment in anybody's hands ever points to memory that is gone.
 *
 * <p>Any thread. One lock, innermost of all: nothing is called while it is held, and futures are completed after it.
 */
public final class SlabStore {

    /** Who waits looks again after this even if nobody woke it: it may hold the lock of a pool that others want. */
    private static final long LOOK_MS = 1_000;

    private final Object lock = new Object();
    private final IntFunction<ByteBuffer> memory;
    private final int segmentBytes;
    private final int slabSegments;

    /** By place; null where a slab has gone. */
    @GuardedBy("lock")
    private final List<Slab> slabs = new ArrayList<>();

    /** Places of active slabs with a free segment. */
    @GuardedBy("lock")
    private final BitSet ready = new BitSet();

    /** The same slabs in order of address, to find that of a segment. */
    @GuardedBy("lock")
    private Slab[] ordered = {};

    @GuardedBy("lock")
    private final AvailabilityHelper availability = new AvailabilityHelper();

    /** Segments whose memory is not freed yet. */
    @GuardedBy("lock")
    private int held;

    /** Segments of active slabs. */
    @GuardedBy("lock")
    private int capacity;

    /** Free segments of active slabs. */
    @GuardedBy("lock")
    private int available;

    /** Free segments of all slabs. */
    @GuardedBy("lock")
    private int free;

    /** Threads that wait for a segment, those included that were woken and do not run yet. */
    @GuardedBy("lock")
    private int waiting;

    @GuardedBy("lock")
    private boolean destroyed;

    /** {@code slabBytes} is rounded down to whole segments. */
    public SlabStore(int segmentBytes, int slabBytes) {
        this(segmentBytes, slabBytes, DirectMemory::allocate);
    }

    /** {@code memory} allocates so many bytes of direct memory. */
    SlabStore(int segmentBytes, int slabBytes, IntFunction<ByteBuffer> memory) {
        this.memory = memory;
        this.segmentBytes = segmentBytes;
        slabSegments = Math.max(1, slabBytes / segmentBytes);
    }

    /** For tests: whoever has it comes before everybody else. */
    Object lock() {
        return lock;
    }

    /** Segments of a whole slab. */
    public int slabSegments() {
        return slabSegments;
    }

    // ---- segments -------------------------------------------------------------------------------------------------

    /** A segment for a pool, or null if there is none now. */
    public @Nullable MemorySegment take() {
        synchronized (lock) {
            return take(false);
        }
    }

    /**
     * Waits until it has {@code count} segments that somebody must have. If none is free a leaving slab stays for it.
     * With {@code pinned} the holder keeps them for as long as it likes.
     *
     * @throws IOException after {@code timeout}, or if the thread is interrupted; then nothing is taken
     * @throws IllegalStateException if the store has been destroyed
     */
    public List<MemorySegment> take(int count, boolean pinned, Duration timeout) throws IOException {
        List<MemorySegment> taken = new ArrayList<>(count);
        List<CompletableFuture<?>> toNotify = new ArrayList<>();
        long deadline = System.nanoTime() + timeout.toNanos();
        boolean complete = false;
        try {
            synchronized (lock) {
                while (taken.size() < count) {
                    if (destroyed) {
                        throw new IllegalStateException("Buffer pool is destroyed.");
                    }
                    MemorySegment segment = take(pinned);
                    if (segment != null) {
                        taken.add(segment);
                    } else if (keepEmptiest()) {
                        toNotify.add(nowAvailable(0));
                    } else {
                        await(deadline, timeout);
                    }
                }
            }
            complete = true;
            return taken;
        } finally {
            if (!complete) {
                recycle(taken, pinned);
            }
            toNotify.forEach(SlabStore::complete);
        }
    }

    /** Lets a leaving slab stay if no segment is free but there. */
    public void keepFree() {
        CompletableFuture<?> toNotify = null;
        synchronized (lock) {
            if (available == 0 && keepEmptiest()) {
                toNotify = nowAvailable(0);
            }
        }
        complete(toNotify);
    }

    @GuardedBy("lock")
    private boolean keepEmptiest() {
        Slab emptiest = slabs.stream()
                .filter(slab -> slab != null && slab.leaving && slab.free() > 0)
                .max(Comparator.comparingInt(Slab::free))
                .orElse(null);
        if (emptiest == null) {
            return false;
        }
        activate(emptiest);
        return true;
    }

    @GuardedBy("lock")
    private void await(long deadline, Duration timeout) throws IOException {
        long leftMs = (deadline - System.nanoTime()) / 1_000_000;
        if (leftMs <= 0) {
            throw noneFree(timeout);
        }
        waiting++;
        try {
            lock.wait(Math.min(leftMs, LOOK_MS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while waiting for network buffers", e);
        } finally {
            waiting--;
        }
    }

    /** What is told to somebody who has waited so long. */
    public IOException noneFree(Duration waited) {
        synchronized (lock) {
            return new IOException(
                    ("No network buffer became free within %d ms: %d of %d are in use. Give the TaskManager"
                                    + " more network memory, or increase"
                                    + " taskmanager.network.memory.exclusive-buffers-request-timeout-ms")
                            .formatted(waited.toMillis(), held - free, held));
        }
    }

    @GuardedBy("lock")
    private @Nullable MemorySegment take(boolean pinned) {
        int place = ready.nextSetBit(0);
        if (place < 0) {
            return null;
        }
        Slab slab = slabs.get(place);
        MemorySegment segment = slab.take();
        slab.pinned += pinned ? 1 : 0;
        ready.set(place, slab.free() > 0);
        free--;
        if (--available == 0) {
            availability.resetUnavailable();
        }
        return segment;
    }

    /**
     * @param pinned as when they were taken
     * @throws IllegalArgumentException if a segment is of another pool
     */
    public void recycle(Collection<MemorySegment> segments, boolean pinned) {
        CompletableFuture<?> toNotify;
        List<Slab> gone = List.of();
        synchronized (lock) {
            int before = available;
            for (MemorySegment segment : segments) {
                putBack(segment, pinned);
            }
            toNotify = nowAvailable(before);
            if (destroyed) {
                gone = removeEmpty();
            }
        }
        release(gone);
        complete(toNotify);
    }

    @GuardedBy("lock")
    private void putBack(MemorySegment segment, boolean pinned) {
        Slab slab = slabOf(segment);
        slab.putBack(segment);
        slab.pinned -= pinned ? 1 : 0;
        free++;
        if (!slab.leaving) {
            available++;
            ready.set(slab.place);
        }
    }

    /**
     * What to complete, when the lock is not held any more. Wakes who must have segments in any case: those of a leaving
     * slab are not available, but are there for him.
     */
    @GuardedBy("lock")
    private @Nullable CompletableFuture<?> nowAvailable(int before) {
        if (waiting > 0) {
            lock.notifyAll();
        }
        if (available <= before) {
            return null;
        }
        return before == 0 ? availability.getUnavailableToResetAvailable() : null;
    }

    private static void complete(@Nullable CompletableFuture<?> toNotify) {
        if (toNotify != null) {
            toNotify.complete(null);
        }
    }

    @GuardedBy("lock")
    private Slab slabOf(MemorySegment segment) {
        if (segment.isFreed()) {
            throw new IllegalStateException("A network buffer was recycled again after its memory was given back");
        }
        long address = segment.getAddress();
        int low = 0;
        int high = ordered.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Slab slab = ordered[middle];
            if (slab.holds(address)) {
                return slab;
            }
            if (slab.base() < address) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        throw new IllegalArgumentException("Not a network buffer of this TaskManager: " + segment);
    }

    /**
     * Takes back {@code segment}, which must hold nothing of value, if its slab is leaving and there is another one to
     * give for it.
     *
     * @return what the caller has from now on
     */
    MemorySegment exchange(MemorySegment segment) {
        synchronized (lock) {
            if (!slabOf(segment).leaving) {
                return segment;
            }
            MemorySegment other = take(false);
            if (other == null) {
                return segment;
            }
            putBack(segment, false); // who waits was woken when the other one became available, and will find this one
            return other;
        }
    }

    /** Completed while there are free segments. */
    public CompletableFuture<?> availableFuture() {
        synchronized (lock) {
            return availability.getAvailableFuture();
        }
    }

    // ---- slabs ----------------------------------------------------------------------------------------------------

    /**
     * Allocates slabs of {@code segments} in all, which are not part of the store yet.
     *
     * @throws OutOfMemoryError if the JVM's limit of direct memory does not allow it; then nothing is allocated
     */
    public List<Slab> allocate(int segments) {
        List<Slab> allocated = new ArrayList<>();
        try {
            for (int left = segments; left > 0; left -= slabSegments) {
                int size = Math.min(left, slabSegments);
                allocated.add(new Slab(memory.apply(Math.multiplyExact(size, segmentBytes)), size, segmentBytes));
            }
            return allocated;
        } catch (OutOfMemoryError e) {
            release(allocated);
            throw e;
        }
    }

    /** Frees slabs that are not part of the store. */
    public static void release(List<Slab> slabs) {
        slabs.forEach(Slab::release);
    }

    /** Makes {@code added} part of the store. */
    public void add(List<Slab> added) {
        CompletableFuture<?> toNotify;
        synchronized (lock) {
            int before = available;
            for (Slab slab : added) {
                int place = slabs.indexOf(null);
                if (place < 0) {
                    place = slabs.size();
                    slabs.add(slab);
                } else {
                    slabs.set(place, slab);
                }
                slab.place = place;
                held += slab.size();
                free += slab.size();
                activate(slab);
            }
            order();
            toNotify = nowAvailable(before);
        }
        complete(toNotify);
    }

    @GuardedBy("lock")
    private void activate(Slab slab) {
        slab.leaving = false;
        capacity += slab.size();
        available += slab.free();
        ready.set(slab.place, slab.free() > 0);
    }

    @GuardedBy("lock")
    private void order() {
        ordered = slabs.stream()
                .filter(slab -> slab != null)
                .sorted(Comparator.comparingLong(Slab::base))
                .toArray(Slab[]::new);
    }

    /**
     * Makes slabs leave as long as {@code least} segments stay, those first that are nearest to being free. With {@code
     * anew} those that are leaving already may stay, and others leave for them.
     */
    public void leave(int least, boolean anew) {
        CompletableFuture<?> toNotify;
        synchronized (lock) {
            int before = available;
            if (anew) {
                slabs.stream().filter(slab -> slab != null && slab.leaving).forEach(this::activate);
            }
            for (Slab slab : leavers(least)) {
                slab.leaving = true;
                capacity -= slab.size();
                available -= slab.free();
                ready.clear(slab.place);
            }
            toNotify = nowAvailable(before);
            if (available == 0) {
                availability.resetUnavailable();
            }
        }
        complete(toNotify);
    }

    @GuardedBy("lock")
    private List<Slab> leavers(int least) {
        List<Slab> candidates = new ArrayList<>();
        for (int place = slabs.size() - 1; place >= 0; place--) {
            Slab slab = slabs.get(place);
            if (slab != null && !slab.leaving && slab.pinned == 0) {
                candidates.add(slab);
            }
        }
        candidates.sort(Comparator.comparingInt(Slab::used)); // stable: of equals the last
        List<Slab> leavers = new ArrayList<>();
        int staying = capacity;
        for (Slab slab : candidates) {
            if (staying - slab.size() >= least) {
                staying -= slab.size();
                leavers.add(slab);
            }
        }
        return leavers;
    }

    /** Segments that would stay if as many slabs as possible left, and {@code required} segments had to stay. */
    public int floor(int required) {
        synchronized (lock) {
            int staying = capacity;
            for (Slab slab : leavers(required)) {
                staying -= slab.size();
            }
            return staying;
        }
    }

    /** Keeps leaving slabs, the fullest first, until {@code least} segments stay or none is leaving. */
    public void stay(int least) {
        keep(slab -> capacity < least);
    }

    /** Keeps leaving slabs as long as not more than {@code most} segments stay. */
    public void stayWithin(int most) {
        keep(slab -> capacity + slab.size() <= most);
    }

    private interface Wanted {
        boolean still(Slab slab);
    }

    private void keep(Wanted wanted) {
        CompletableFuture<?> toNotify;
        synchronized (lock) {
            int before = available;
            slabs.stream()
                    .filter(slab -> slab != null && slab.leaving)
                    .sorted(Comparator.comparingInt(Slab::used).reversed())
                    .filter(wanted::still)
                    .forEach(this::activate);
            toNotify = nowAvailable(before);
        }
        complete(toNotify);
    }

    /** Frees leaving slabs whose segments are all back, and says how many segments that were. */
    int freeEmpty() {
        List<Slab> gone;
        synchronized (lock) {
            gone = removeEmpty();
        }
        release(gone);
        return gone.stream().mapToInt(Slab::size).sum();
    }

    @GuardedBy("lock")
    private List<Slab> removeEmpty() {
        List<Slab> empty = new ArrayList<>();
        if (waiting > 0 && !destroyed) {
            return empty; // somebody was woken for a segment of these, and does not run yet
        }
        for (int place = 0; place < slabs.size(); place++) {
            Slab slab = slabs.get(place);
            if (slab != null && slab.leaving && slab.used() == 0) {
                slabs.set(place, null);
                held -= slab.size();
                free -= slab.size();
                empty.add(slab);
            }
        }
        if (!empty.isEmpty()) {
            order();
        }
        return empty;
    }

    /** Frees all memory that is not in use, and the rest as it comes back. */
    public void destroy() {
        List<Slab> gone;
        synchronized (lock) {
            destroyed = true;
            for (Slab slab : slabs) {
                if (slab != null) {
                    slab.leaving = true;
                }
            }
            capacity = 0;
            available = 0;
            ready.clear();
            gone = removeEmpty();
            lock.notifyAll();
        }
        release(gone);
    }

    // ---- figures --------------------------------------------------------------------------------------------------

    /** Segments whose memory is not given back. */
    public int held() {
        synchronized (lock) {
            return held;
        }
    }

    /** Segments that may be in use at once. */
    public int capacity() {
        synchronized (lock) {
            return capacity;
        }
    }

    /** Segments that can be taken now. */
    public int available() {
        synchronized (lock) {
            return available;
        }
    }

    /** Segments that are in somebody's hands. */
    public int used() {
        synchronized (lock) {
            return held - free;
        }
    }

    /** Segments of leaving slabs that are in somebody's hands. */
    int awaited() {
        synchronized (lock) {
            return held - capacity - (free - available);
        }
    }
}
