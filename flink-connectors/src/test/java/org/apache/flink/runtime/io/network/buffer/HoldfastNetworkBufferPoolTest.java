package org.apache.flink.runtime.io.network.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.holdfast.flink.networkmemory.NetworkMemorySettings;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.flink.core.memory.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sizes, debts and refusals, with Flink's own local pools. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HoldfastNetworkBufferPoolTest {

    private static final int SEGMENT = 256;
    private static final int PER_SLAB = 4;
    private static final long SLAB = PER_SLAB * SEGMENT;
    private static final int UNBOUNDED = NetworkBufferPool.UNBOUNDED_POOL_SIZE;

    private final List<HoldfastNetworkBufferPool> created = new ArrayList<>();

    @AfterEach
    void everythingCanBeGivenBack() {
        created.forEach(HoldfastNetworkBufferPool::destroyAllBufferPools);
        created.forEach(HoldfastNetworkBufferPool::destroy);
    }

    /** The parent has no segments: whatever looks at its fields must be overridden, or would speak of nothing. */
    @Test
    void everythingThatFlinksPoolCanDoIsOverriddenOrCallsWhatIs() {
        Set<String> onlyCallOthers = Set.of(
                "isDestroyed",
                "getTotalMemory",
                "getAvailableMemory",
                "getUsedMemory",
                "getEstimatedRequestedMemory",
                "getEstimatedRequestedSegmentsUsage",
                "getUsageWarning",
                "maybeLogUsageWarning");

        assertThat(signatures(NetworkBufferPool.class))
                .filteredOn(method -> !onlyCallOthers.contains(method.substring(0, method.indexOf('('))))
                .hasSizeGreaterThan(15)
                .isSubsetOf(signatures(HoldfastNetworkBufferPool.class));
    }

    private static List<String> signatures(Class<?> type) {
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> !Modifier.isPrivate(method.getModifiers()) && !method.isSynthetic())
                .map(method -> method.getName()
                        + Arrays.toString(method.getParameterTypes()).replace('[', '('))
                .toList();
    }

    @Test
    void poolsGetMoreAsSoonAsItGrows() throws Exception {
        HoldfastNetworkBufferPool network = network(2);
        BufferPool pool = network.createBufferPool(1, UNBOUNDED);

        long accepted = network.resize(5 * SLAB);

        assertThat(accepted).isEqualTo(5 * SLAB);
        assertThat(pool.getNumBuffers()).isEqualTo(5 * PER_SLAB);
        assertSize(network, 5 * PER_SLAB, 1);
    }

    @Test
    void growthIsExactToTheSegment() {
        HoldfastNetworkBufferPool network = network(2);

        assertThat(network.resize(2 * SLAB + SEGMENT + 1)).isEqualTo(2 * SLAB + 2 * SEGMENT);

        assertSize(network, 2 * PER_SLAB + 2, 0);
    }

    @Test
    void whoeverWaitsForABufferIsToldWhenItGrows() throws Exception {
        HoldfastNetworkBufferPool network = network(1);
        BufferPool pool = network.createBufferPool(1, UNBOUNDED);
        List<Buffer> all = takeAll(pool);
        assertThat(pool.isAvailable()).isFalse();

        network.resize(2 * SLAB);

        assertThat(pool.isAvailable()).isTrue();
        all.addAll(takeAll(pool));
        assertThat(all).hasSize(2 * PER_SLAB);
        all.forEach(Buffer::recycleBuffer);
    }

    @Test
    @Timeout(value = 5, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // it looks again when its own timeout is over
    void channelThatWaitsForItsBuffersGetsThoseOfAGrowth() throws Exception {
        HoldfastNetworkBufferPool network = network(1);
        List<Buffer> others = takeAll(network.createBufferPool(1, PER_SLAB));
        FutureTask<List<MemorySegment>> exclusive = new FutureTask<>(() -> network.requestUnpooledMemorySegments(2));
        Thread channel = new Thread(exclusive);
        channel.start();
        await(() -> channel.getState() == Thread.State.TIMED_WAITING);

        network.resize(2 * SLAB);

        network.recycleUnpooledMemorySegments(exclusive.get());
        others.forEach(Buffer::recycleBuffer);
    }

    @Test
    void memoryThatIsFreeIsGivenBackInWholeSlabs() {
        HoldfastNetworkBufferPool network = network(8);
        long before = direct();

        long accepted = network.resize(2 * SLAB + 1);

        assertThat(accepted).isEqualTo(3 * SLAB);
        await(() ->
                network.getDebtBytes() == 0 && before - direct() == 5 * SLAB); // it is freed a moment after it counts
        assertSize(network, 3 * PER_SLAB, 0);
    }

    @Test
    void buffersInUseAreADebtAndKeepTheirContent() throws Exception {
        HoldfastNetworkBufferPool network = network(4);
        BufferPool pool = network.createBufferPool(1, UNBOUNDED);
        List<Buffer> all = takeAll(pool);
        stamp(all);

        long accepted = network.resize(SLAB);

        assertThat(accepted).isEqualTo(SLAB);
        assertThat(pool.getNumBuffers()).isEqualTo(PER_SLAB);
        assertThat(network.getSizeBytes()).isEqualTo(4 * SLAB);
        assertThat(network.getDebtBytes()).isEqualTo(3 * SLAB);
        assertThat(network.getNumberOfUsedMemorySegments()).isEqualTo(4 * PER_SLAB);
        assertStamped(all);
        all.forEach(Buffer::recycleBuffer);
        await(() -> network.getDebtBytes() == 0);
        assertThat(network.getSizeBytes()).isEqualTo(SLAB);
    }

    @Test
    void whatPoolsMayKeepLeavesASlabByExchange() throws Exception {
        HoldfastNetworkBufferPool network = network(2);
        BufferPool kept = network.createBufferPool(PER_SLAB, PER_SLAB);
        interleave(network, kept);

        network.resize(SLAB);

        await(() -> network.getDebtBytes() == 0);
        List<Buffer> all = takeAll(kept);
        assertThat(all).hasSize(PER_SLAB);
        stamp(all);
        assertStamped(all);
        all.forEach(Buffer::recycleBuffer);
    }

    @Test
    void producersThatNeverHaveAnIdleBufferLeaveASlabToo() throws Exception {
        HoldfastNetworkBufferPool network = network(2);
        BufferPool kept = network.createBufferPool(PER_SLAB, PER_SLAB, 2, Integer.MAX_VALUE, 0);
        interleave(network, kept);
        Deque<BufferBuilder> open = new ArrayDeque<>();
        for (int i = 0; i < PER_SLAB; i++) {
            open.add(kept.requestBufferBuilderBlocking(i % 2));
        }

        network.resize(SLAB);
        while (network.getDebtBytes() > 0) {
            await(() -> network.getDebtBytes() == 0
                    || kept.getAvailableFuture().getNumberOfDependents() > 0); // somebody looks at the next one
            open.remove().close();
            open.add(kept.requestBufferBuilderBlocking(0));
        }

        open.forEach(BufferBuilder::close);
        assertThat(network.getSizeBytes()).isEqualTo(SLAB);
    }

    @Test
    void channelsThatAlwaysWaitForABufferLeaveASlabToo() throws Exception {
        HoldfastNetworkBufferPool network = network(2);
        BufferPool kept = network.createBufferPool(PER_SLAB, PER_SLAB);
        interleave(network, kept);
        WaitingChannel channel = new WaitingChannel(kept);
        channel.buffers.addAll(takeAll(kept));
        channel.waitForABuffer();

        network.resize(SLAB);
        while (network.getDebtBytes() > 0) {
            channel.recycleOne();
        }

        channel.close();
        assertThat(network.getSizeBytes()).isEqualTo(SLAB);
    }

    @Test
    void slabWithAnExclusiveBufferStaysAndAFullerOneLeaves() throws Exception {
        HoldfastNetworkBufferPool network = network(2);
        List<Buffer> others = takeAll(network.createBufferPool(1, PER_SLAB));
        List<MemorySegment> exclusive = network.requestUnpooledMemorySegments(1);
        exclusive.get(0).putLong(0, 42);

        assertThat(network.getFloorBytes()).isEqualTo(SLAB);
        network.resize(SLAB);
        others.forEach(Buffer::recycleBuffer);

        await(() -> network.getDebtBytes() == 0);
        assertThat(exclusive.get(0).getLong(0)).isEqualTo(42);
        network.recycleUnpooledMemorySegments(exclusive);
    }

    @Test
    void shrinkBelowWhatTasksMustHaveIsRefusedWithTheFloor() throws Exception {
        HoldfastNetworkBufferPool network = network(4);
        network.createBufferPool(PER_SLAB + 1, UNBOUNDED);
        List<MemorySegment> exclusive = network.requestUnpooledMemorySegments(PER_SLAB - 1);

        assertThat(network.getFloorBytes()).isEqualTo(2 * SLAB);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> network.resize(SLAB))
                .withMessageContaining("Network memory of 1024 bytes is less than what tasks must have")
                .withMessageContaining("2048. Ask for that much");

        assertThat(network.getTargetBytes()).isEqualTo(4 * SLAB);
        assertThat(network.resize(2 * SLAB)).isEqualTo(2 * SLAB);
        network.recycleUnpooledMemorySegments(exclusive);
    }

    @Test
    void sizeOutOfBoundsIsRefusedByTheNameOfTheOption() {
        HoldfastNetworkBufferPool network =
                network(new NetworkMemorySettings(SEGMENT, (int) SLAB, 4 * PER_SLAB, 2 * PER_SLAB, 5 * PER_SLAB));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> network.resize(2 * SLAB - 1))
                .withMessageContaining("lower holdfast.network-memory.min");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> network.resize(5 * SLAB + 1))
                .withMessageContaining("raise holdfast.network-memory.max");
        assertSize(network, 4 * PER_SLAB, 0);
        assertThat(network.resize(5 * SLAB)).isEqualTo(5 * SLAB);
        assertThat(network.resize(2 * SLAB)).isEqualTo(2 * SLAB);
    }

    @Test
    void growthThatDirectMemoryDoesNotAllowIsRefusedAsAWhole() {
        int slab = 1 << 20;
        int most = Integer.MAX_VALUE;
        HoldfastNetworkBufferPool network =
                network(new NetworkMemorySettings(slab, Integer.MAX_VALUE - slab, 4, 1, most));
        long before = direct();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> network.resize(1L << 45))
                .withMessageContaining("does not fit into direct memory")
                .withMessageContaining("-XX:MaxDirectMemorySize, or Holdfast's agent");

        assertThat(direct()).isLessThanOrEqualTo(before); // the JVM has looked for garbage of others
        assertSize(network, 4, 0);
        assertThat(network.getTargetBytes()).isEqualTo(4L * slab);
    }

    @Test
    void taskThatMustHaveMoreThanAShrinkHasLeftGetsIt() throws Exception {
        HoldfastNetworkBufferPool network = network(4);
        network.resize(SLAB);
        await(() -> network.getDebtBytes() == 0);

        BufferPool pool = network.createBufferPool(2 * PER_SLAB + 1, UNBOUNDED);

        pool.reserveSegments(2 * PER_SLAB + 1);
        assertThat(network.getTargetBytes()).isEqualTo(3 * SLAB);
        assertThat(network.getGrownBack()).isEqualTo(1);
    }

    @Test
    void channelThatMustHaveMoreThanAShrinkHasLeftGetsIt() throws Exception {
        HoldfastNetworkBufferPool network = network(4);
        network.resize(SLAB);
        await(() -> network.getDebtBytes() == 0);

        List<MemorySegment> exclusive = network.requestUnpooledMemorySegments(4 * PER_SLAB);

        assertThat(exclusive).doesNotHaveDuplicates().hasSize(4 * PER_SLAB);
        assertThat(network.getTargetBytes()).isEqualTo(4 * SLAB);
        network.recycleUnpooledMemorySegments(exclusive);
    }

    @Test
    void taskThatComesWhileAShrinkDrainsGetsWhatWasToLeave() throws Exception {
        HoldfastNetworkBufferPool network = network(4);
        BufferPool old = network.createBufferPool(1, UNBOUNDED);
        List<Buffer> all = takeAll(old);
        network.resize(SLAB);
        long before = direct();

        BufferPool pool = network.createBufferPool(3 * PER_SLAB, UNBOUNDED);

        assertThat(direct()).as("nothing was allocated").isEqualTo(before);
        all.forEach(Buffer::recycleBuffer);
        pool.reserveSegments(3 * PER_SLAB);
        assertThat(network.getTargetBytes()).isEqualTo(4 * SLAB);
        assertThat(network.getSizeBytes()).isEqualTo(4 * SLAB);
    }

    @Test
    void taskNeedNotWaitForOthersWhileALeavingSlabHasBuffers() throws Exception {
        HoldfastNetworkBufferPool network = network(2);
        List<Buffer> others = takeAll(network.createBufferPool(1, PER_SLAB + 2));
        network.resize(SLAB);
        BufferPool pool = network.createBufferPool(2, 2);

        pool.reserveSegments(2);

        assertThat(others).hasSize(PER_SLAB + 2);
        assertThat(network.getDebtBytes()).isEqualTo(SLAB);
        others.forEach(Buffer::recycleBuffer);
        await(() -> network.getDebtBytes() == 0);
        assertThat(network.getTargetBytes()).isEqualTo(SLAB);
    }

    @Test
    void whatTasksMustHaveIsNoDebtAlthoughItIsThereAlready() throws Exception {
        HoldfastNetworkBufferPool network = network(3);
        List<Buffer> others = takeAll(network.createBufferPool(1, PER_SLAB + 1));
        network.resize(SLAB);
        network.createBufferPool(3, 3).reserveSegments(3);
        assertThat(network.getTargetBytes()).isEqualTo(SLAB);

        network.createBufferPool(2, 2);

        assertThat(network.getTargetBytes()).isEqualTo(2 * SLAB);
        others.forEach(Buffer::recycleBuffer);
        await(() -> network.getDebtBytes() == 0);
    }

    @Test
    void whatAPoolReservesCountsAsWhatItHas() throws Exception {
        HoldfastNetworkBufferPool network = network(2);
        List<Buffer> others = takeAll(network.createBufferPool(1, UNBOUNDED));
        BufferPool pool = network.createBufferPool(2, 2);
        FutureTask<Void> reserving = new FutureTask<>(() -> {
            pool.reserveSegments(2);
            return null;
        });
        Thread task = new Thread(reserving);
        task.start();
        await(() -> task.getState() == Thread.State.TIMED_WAITING);

        others.forEach(Buffer::recycleBuffer);
        reserving.get();

        assertThat(((LocalBufferPool) pool).getNumberOfRequestedMemorySegments())
                .isEqualTo(2);
        assertThat(takeAll(pool)).hasSize(2).allSatisfy(Buffer::recycleBuffer);
    }

    @Test
    void moreThanThereEverWasIsInsufficientAsInFlink() throws Exception {
        HoldfastNetworkBufferPool network = network(2);
        network.createBufferPool(PER_SLAB, PER_SLAB);

        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> network.createBufferPool(PER_SLAB + 1, UNBOUNDED))
                .withMessageContaining("Insufficient number of network buffers: required 5, but only 4 of 8");

        network.createBufferPool(PER_SLAB, PER_SLAB);
    }

    @Test
    void growthWhileAShrinkDrainsKeepsSlabs() throws Exception {
        HoldfastNetworkBufferPool network = network(4);
        BufferPool pool = network.createBufferPool(1, UNBOUNDED);
        List<Buffer> all = takeAll(pool);
        network.resize(SLAB);
        long before = direct();

        network.resize(4 * SLAB);

        assertThat(network.getDebtBytes()).isZero();
        assertThat(direct()).isEqualTo(before);
        assertThat(pool.getNumBuffers()).isEqualTo(4 * PER_SLAB);
        all.forEach(Buffer::recycleBuffer);
        assertThat(takeAll(pool)).hasSize(4 * PER_SLAB).allSatisfy(Buffer::recycleBuffer);
    }

    @Test
    void requestThatIsNeverMetEndsWithItsTimeoutAndTakesNothing() throws Exception {
        HoldfastNetworkBufferPool network = new HoldfastNetworkBufferPool(settings(2), Duration.ofMillis(50));
        created.add(network);
        List<Buffer> all = takeAll(network.createBufferPool(1, UNBOUNDED));

        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> network.requestUnpooledMemorySegments(2))
                .withMessageContaining("No network buffer became free within 50 ms: 8 of 8 are in use");
        BufferPool pool = network.createBufferPool(1, 1);
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> pool.reserveSegments(1))
                .withMessageContaining("No network buffer became free within 50 ms: 8 of 8 are in use");

        all.forEach(Buffer::recycleBuffer);
        assertThat(network.getFloorBytes()).isEqualTo(SLAB);
    }

    @Test
    void bufferThatComesBackAfterTheEndIsFreedToo() throws Exception {
        long before = direct();
        HoldfastNetworkBufferPool network = new HoldfastNetworkBufferPool(settings(3), Duration.ofSeconds(1));
        BufferPool pool = network.createBufferPool(1, UNBOUNDED);
        Buffer late = pool.requestBuffer();
        pool.lazyDestroy();

        network.destroy();
        assertThat(direct() - before).isEqualTo(SLAB);
        late.recycleBuffer();

        assertThat(direct()).isEqualTo(before);
        assertThat(network.getTotalNumberOfMemorySegments()).isZero();
    }

    @Test
    void bufferOfAFreedSlabCannotBeReadOrRecycled() throws Exception {
        HoldfastNetworkBufferPool network = network(2);
        List<MemorySegment> segments = network.requestUnpooledMemorySegments(2 * PER_SLAB);
        network.recycleUnpooledMemorySegments(segments);
        network.resize(SLAB);
        await(() -> network.getDebtBytes() == 0);

        MemorySegment gone = segments.get(segments.size() - 1);
        assertThatIllegalStateException().isThrownBy(() -> gone.get(0));
        assertThatIllegalStateException().isThrownBy(() -> network.recyclePooledMemorySegment(gone));
    }

    /** Makes {@code kept} hold every other segment of all slabs, and nobody the rest. */
    private static void interleave(NetworkBufferPool network, BufferPool kept) throws IOException {
        int count = kept.getNumberOfRequiredMemorySegments();
        BufferPool passing = network.createBufferPool(count, count);
        List<Buffer> taken = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            taken.add(passing.requestBuffer());
            taken.add(kept.requestBuffer());
        }
        assertThat(taken).doesNotContainNull();
        taken.forEach(Buffer::recycleBuffer);
        passing.lazyDestroy();
    }

    /** Keeps its place in the queue for buffers, as a channel with a backlog does. */
    private static final class WaitingChannel implements BufferListener {

        private final BufferPool pool;
        private final Deque<Buffer> buffers = new ArrayDeque<>();
        private boolean closed;

        WaitingChannel(BufferPool pool) {
            this.pool = pool;
        }

        void waitForABuffer() {
            while (!pool.addBufferListener(this)) {
                buffers.add(pool.requestBuffer());
            }
        }

        void recycleOne() {
            Buffer buffer;
            synchronized (buffers) {
                buffer = buffers.poll();
            }
            if (buffer != null) {
                buffer.recycleBuffer();
            }
        }

        void close() {
            closed = true;
            while (!buffers.isEmpty()) {
                recycleOne();
            }
        }

        @Override
        public boolean notifyBufferAvailable(Buffer buffer) {
            if (closed) {
                return false;
            }
            synchronized (buffers) {
                buffers.add(buffer);
                return pool.addBufferListener(this);
            }
        }

        @Override
        public void notifyBufferDestroyed() {}
    }

    private static List<Buffer> takeAll(BufferPool pool) {
        List<Buffer> all = new ArrayList<>();
        for (Buffer buffer = pool.requestBuffer(); buffer != null; buffer = pool.requestBuffer()) {
            all.add(buffer);
        }
        return all;
    }

    private static void stamp(List<Buffer> buffers) {
        for (int i = 0; i < buffers.size(); i++) {
            MemorySegment segment = buffers.get(i).getMemorySegment();
            for (int at = 0; at < segment.size(); at += Integer.BYTES) {
                segment.putInt(at, i);
            }
        }
    }

    private static void assertStamped(List<Buffer> buffers) {
        for (int i = 0; i < buffers.size(); i++) {
            MemorySegment segment = buffers.get(i).getMemorySegment();
            for (int at = 0; at < segment.size(); at += Integer.BYTES) {
                assertThat(segment.getInt(at)).isEqualTo(i);
            }
        }
    }

    private static void assertSize(NetworkBufferPool network, int total, int used) {
        assertThat(network.getTotalNumberOfMemorySegments()).as("total").isEqualTo(total);
        assertThat(network.getNumberOfUsedMemorySegments()).as("used").isEqualTo(used);
        assertThat(network.getNumberOfAvailableMemorySegments()).as("available").isEqualTo(total - used);
        assertThat(network.getTotalMemory()).isEqualTo((long) total * network.getAvailableMemory() / (total - used));
    }

    private static long direct() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .findFirst()
                .orElseThrow()
                .getTotalCapacity();
    }

    private static void await(BooleanSupplier done) {
        while (!done.getAsBoolean()) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static NetworkMemorySettings settings(int slabs) {
        return new NetworkMemorySettings(SEGMENT, (int) SLAB, slabs * PER_SLAB, 1, 100 * PER_SLAB);
    }

    private HoldfastNetworkBufferPool network(int slabs) {
        return network(settings(slabs));
    }

    private HoldfastNetworkBufferPool network(NetworkMemorySettings settings) {
        HoldfastNetworkBufferPool network = new HoldfastNetworkBufferPool(settings, Duration.ofSeconds(10));
        created.add(network);
        return network;
    }
}
