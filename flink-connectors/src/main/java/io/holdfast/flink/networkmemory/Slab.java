package io.holdfast.flink.networkmemory;

import java.nio.ByteBuffer;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;

/** One piece of memory, cut into segments, that is taken and given back as a whole. Guarded by its {@link SlabStore}. */
public final class Slab {

    private final ByteBuffer memory;
    private final long base;

    /** A stack, so that what was used last, and may be in a cache, is used next. */
    private final MemorySegment[] free;

    private int freeCount;

    /** Segments whose holder does not draw them from a pool and can hold them for as long as it likes. */
    int pinned;

    /** Index in its store. */
    int place = -1;

    /** Whether it hands out nothing any more and goes as soon as all its segments are back. */
    boolean leaving;

    /** {@code memory} is that of {@code segments}, and nobody else's. */
    Slab(ByteBuffer memory, int segments, int segmentBytes) {
        this.memory = memory;
        free = new MemorySegment[segments];
        for (int i = segments - 1; i >= 0; i--) {
            free[freeCount++] = MemorySegmentFactory.wrapOffHeapMemory(memory.slice(i * segmentBytes, segmentBytes));
        }
        base = free[freeCount - 1].getAddress();
    }

    long base() {
        return base;
    }

    boolean holds(long address) {
        return address >= base && address < base + memory.capacity();
    }

    int size() {
        return free.length;
    }

    int free() {
        return freeCount;
    }

    int used() {
        return free.length - freeCount;
    }

    MemorySegment take() {
        return free[--freeCount];
    }

    void putBack(MemorySegment segment) {
        if (freeCount == free.length) {
            throw new IllegalStateException("A network buffer was recycled twice");
        }
        free[freeCount++] = segment;
    }

    /** All segments must be back. Whoever kept one gets an exception from it, and not another's bytes. */
    void release() {
        if (freeCount < free.length) {
            throw new IllegalStateException("%d of %d segments of a slab are in use".formatted(used(), size()));
        }
        for (MemorySegment segment : free) {
            segment.free();
        }
        freeCount = 0;
        DirectMemory.free(memory);
    }
}
