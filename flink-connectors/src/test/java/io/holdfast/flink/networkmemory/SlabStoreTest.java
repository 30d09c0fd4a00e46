package io.holdfast.flink.networkmemory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Slabs one by one; what pools make of them is tested with the pool. */
class SlabStoreTest {

    private static final int SEGMENT = 1 << 10;
    private static final int PER_SLAB = 4;

    private int slabsAllowed = 8;

    private final SlabStore store = new SlabStore(SEGMENT, PER_SLAB * SEGMENT + 1, this::allocate);

    private ByteBuffer allocate(int bytes) {
        if (slabsAllowed-- == 0) {
            throw new OutOfMemoryError("Cannot reserve direct buffer memory");
        }
        return DirectMemory.allocate(bytes);
    }

    @AfterEach
    void free() {
        store.destroy();
    }

    @Test
    void memoryOfAGrowthThatFailsHalfWayIsFreed() {
        slabsAllowed = 2;
        long before = direct();

        assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> store.allocate(3 * PER_SLAB));

        assertThat(direct()).isEqualTo(before);
    }

    @Test
    void segmentsOfTheFirstSlabsAreHandedOutFirst() throws Exception {
        store.add(store.allocate(3 * PER_SLAB));
        List<MemorySegment> first = store.take(PER_SLAB, false, Duration.ofSeconds(1));
        List<MemorySegment> second = store.take(PER_SLAB, false, Duration.ofSeconds(1));

        store.recycle(first, false);
        store.recycle(second, false);

        assertThat(store.take(PER_SLAB, false, Duration.ofSeconds(1))).hasSameElementsAs(first);
        store.recycle(first, false);
    }

    @Test
    void everySegmentIsItsOwnMemory() throws Exception {
        store.add(store.allocate(2 * PER_SLAB + 1));

        List<MemorySegment> all = store.take(2 * PER_SLAB + 1, false, Duration.ofSeconds(1));

        for (int i = 0; i < all.size(); i++) {
            assertThat(all.get(i).size()).isEqualTo(SEGMENT);
            all.get(i).put(0, fill(i));
        }
        for (int i = 0; i < all.size(); i++) {
            byte[] read = new byte[SEGMENT];
            all.get(i).get(0, read);
            assertThat(read).isEqualTo(fill(i));
        }
        store.recycle(all, false);
    }

    @Test
    void slabWithFewestSegmentsInUseLeaves() throws Exception {
        store.add(store.allocate(3 * PER_SLAB));
        List<MemorySegment> all = new ArrayList<>(store.take(3 * PER_SLAB, false, Duration.ofSeconds(1)));
        List<MemorySegment> middle = all.subList(PER_SLAB, 2 * PER_SLAB - 1);
        store.recycle(middle, false);
        middle.clear();

        store.leave(2 * PER_SLAB, false);

        assertThat(store.capacity()).isEqualTo(2 * PER_SLAB);
        assertThat(store.available()).isZero();
        assertThat(store.awaited()).isEqualTo(1);
        store.recycle(all, false);
        assertThat(store.freeEmpty()).isEqualTo(PER_SLAB);
        assertThat(store.held()).isEqualTo(2 * PER_SLAB);
    }

    @Test
    void slabThatHasBecomeEmptierLeavesForOneThatIsStuck() throws Exception {
        store.add(store.allocate(2 * PER_SLAB));
        List<MemorySegment> all = store.take(PER_SLAB + 1, false, Duration.ofSeconds(1));
        store.leave(PER_SLAB, false);
        assertThat(store.awaited()).isEqualTo(1);
        store.recycle(all.subList(0, PER_SLAB), false);

        store.leave(PER_SLAB, true);

        assertThat(store.awaited()).isZero();
        assertThat(store.freeEmpty()).isEqualTo(PER_SLAB);
        store.recycle(all.subList(PER_SLAB, PER_SLAB + 1), false);
    }

    @Test
    void segmentIsExchangedOnlyIfItsSlabLeavesAndThereIsAnother() throws Exception {
        store.add(store.allocate(2 * PER_SLAB));
        List<MemorySegment> first = store.take(PER_SLAB, false, Duration.ofSeconds(1));
        MemorySegment leaving = store.take();
        store.leave(PER_SLAB, false);

        assertThat(store.exchange(first.get(0))).isSameAs(first.get(0));
        assertThat(store.exchange(leaving)).isSameAs(leaving);
        store.recycle(first.subList(0, 1), false);
        assertThat(store.exchange(leaving)).isSameAs(first.get(0));

        assertThat(store.awaited()).isZero();
        store.recycle(first, false);
    }

    /** The quickest of some: a waiter that only looks again from time to time is never quick, and a busy machine at times. */
    @Test
    void whoeverMustHaveASegmentIsWokenByOneOfASlabThatLeaves() throws Exception {
        store.add(store.allocate(2 * PER_SLAB));
        List<MemorySegment> all = store.take(2 * PER_SLAB, false, Duration.ofSeconds(1));
        Duration quickest = Duration.ofSeconds(10);

        for (int i = 0; i < 5; i++) {
            store.leave(PER_SLAB, false);
            MemorySegment leaving = all.get(all.size() - 1);
            FutureTask<List<MemorySegment>> must = waiting(1);
            long start = System.nanoTime();
            store.recycle(List.of(leaving), false);
            assertThat(must.get(10, TimeUnit.SECONDS)).containsExactly(leaving);
            quickest = Collections.min(List.of(quickest, Duration.ofNanos(System.nanoTime() - start)));
        }

        assertThat(quickest).isLessThan(Duration.ofMillis(500));
        store.recycle(all, false);
    }

    @Test
    void slabIsNotFreedUnderWhoeverMustHaveASegment() throws Exception {
        store.add(store.allocate(2 * PER_SLAB));
        List<MemorySegment> all = store.take(2 * PER_SLAB, false, Duration.ofSeconds(1));
        store.leave(PER_SLAB, false);
        List<MemorySegment> leaving = all.subList(PER_SLAB, 2 * PER_SLAB);
        FutureTask<List<MemorySegment>> must = waiting(1);

        synchronized (store.lock()) { // as a drain that is quicker than the waiter
            store.recycle(leaving, false);
            assertThat(store.freeEmpty()).isZero();
        }

        assertThat(must.get(10, TimeUnit.SECONDS)).hasSize(1);
        assertThat(store.held()).isEqualTo(2 * PER_SLAB);
        store.recycle(must.get(), false);
        store.leave(PER_SLAB, false);
        assertThat(store.freeEmpty()).isEqualTo(PER_SLAB);
        store.recycle(all.subList(0, PER_SLAB), false);
    }

    /** Somebody who waits for so many segments, already. */
    private FutureTask<List<MemorySegment>> waiting(int count) {
        FutureTask<List<MemorySegment>> must = new FutureTask<>(() -> store.take(count, false, Duration.ofSeconds(4)));
        Thread thread = new Thread(must);
        thread.setDaemon(true);
        thread.start();
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        return must;
    }

    @Test
    void segmentThatIsNotOursOrThatWeHaveAlreadyIsRefused() {
        store.add(store.allocate(1));
        MemorySegment ours = store.take();
        store.recycle(List.of(ours), false);

        assertThatIllegalStateException()
                .isThrownBy(() -> store.recycle(List.of(ours), false))
                .withMessageContaining("recycled twice");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        store.recycle(List.of(MemorySegmentFactory.allocateUnpooledOffHeapMemory(SEGMENT)), false))
                .withMessageContaining("Not a network buffer of this TaskManager");
        assertThat(store.available()).isEqualTo(1);
    }

    private static byte[] fill(int number) {
        byte[] bytes = new byte[SEGMENT];
        Arrays.fill(bytes, (byte) (number + 1));
        return bytes;
    }

    private static long direct() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .findFirst()
                .orElseThrow()
                .getTotalCapacity();
    }
}
