package org.apache.flink.runtime.io.network.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.networkmemory.NetworkMemorySettings;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.core.memory.MemorySegment;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tasks come, use their pools and go, channels hold exclusive buffers, and all the while somebody resizes at random. Every
 * segment in anybody's hands is filled with a number that nobody else has: whoever shared it, or had one of a slab that is
 * gone, would see another's.
 */
@Timeout(value = 40, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HoldfastNetworkBufferPoolRacesTest {

    private static final int SEGMENT = 128;
    private static final int PER_SLAB = 8;
    private static final int SLABS = 16;
    private static final int TASKS = 6;
    private static final int LIVES = 60;

    private final AtomicLong numbers = new AtomicLong();

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4})
    void nothingIsLostSharedOrUsedAfterItIsGone(long seed) throws Exception {
        HoldfastNetworkBufferPool network = new HoldfastNetworkBufferPool(
                new NetworkMemorySettings(SEGMENT, PER_SLAB * SEGMENT, SLABS * PER_SLAB, 1, 2 * SLABS * PER_SLAB),
                Duration.ofSeconds(30));
        CountDownLatch tasksLeft = new CountDownLatch(TASKS);
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < TASKS; i++) {
            Random random = new Random(seed * 100 + i);
            all.add(threads.submit(task(network, random, i % 2 == 0 ? 4 : 0, tasksLeft)));
        }
        all.add(threads.submit(resizer(network, new Random(seed), tasksLeft)));
        for (Future<?> each : all) {
            each.get();
        }
        threads.shutdown();

        network.resize(4L * PER_SLAB * SEGMENT);
        while (network.getDebtBytes() > 0) {
            LockSupport.parkNanos(1_000_000);
        }

        assertThat(network.getTotalNumberOfMemorySegments()).isEqualTo(4 * PER_SLAB);
        assertThat(network.getNumberOfAvailableMemorySegments()).isEqualTo(4 * PER_SLAB);
        assertThat(network.getNumberOfUsedMemorySegments()).isZero();
        List<MemorySegment> segments = network.requestUnpooledMemorySegments(4 * PER_SLAB);
        Set<MemorySegment> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
        distinct.addAll(segments);
        assertThat(distinct).hasSize(4 * PER_SLAB).noneMatch(MemorySegment::isFreed);
        network.recycleUnpooledMemorySegments(segments);
        network.destroy();
    }

    /** A task lives {@value #LIVES} times: a thread that takes buffers, and one that gives them back. */
    private Callable<Void> task(
            HoldfastNetworkBufferPool network, Random random, int subpartitions, CountDownLatch left) {
        return () -> {
            ExecutorService consumer = Executors.newSingleThreadExecutor();
            try {
                for (int life = 0; life < LIVES; life++) {
                    live(network, random, subpartitions, consumer);
                }
            } finally {
                consumer.shutdown();
                left.countDown();
            }
            return null;
        };
    }

    private void live(HoldfastNetworkBufferPool network, Random random, int subpartitions, ExecutorService consumer)
            throws Exception {
        int required = subpartitions + 1;
        BufferPool pool = network.createBufferPool(
                required,
                random.nextBoolean() ? Integer.MAX_VALUE : required + random.nextInt(20),
                subpartitions,
                Integer.MAX_VALUE,
                random.nextInt(3));
        List<MemorySegment> exclusive = network.requestUnpooledMemorySegments(random.nextInt(9));
        List<Held> channel = exclusive.stream().map(this::held).toList();
        BlockingQueue<Held> inFlight = new LinkedBlockingQueue<>(1 + random.nextInt(30));
        int count = 200 + random.nextInt(600);
        Future<?> given = consumer.submit(() -> giveBack(inFlight, count));
        for (int i = 0; i < count; i++) {
            MemorySegment segment;
            BufferBuilder builder = null;
            BufferConsumer reader = null;
            if (subpartitions > 0) {
                builder = pool.requestBufferBuilderBlocking(i % subpartitions);
                reader = builder.createBufferConsumerFromBeginning();
                Buffer slice = reader.build();
                segment = slice.getMemorySegment();
                slice.recycleBuffer();
            } else {
                segment = pool.requestMemorySegmentBlocking();
            }
            Held held = held(segment);
            held.pool = pool;
            held.builder = builder;
            held.reader = reader;
            inFlight.put(held);
        }
        given.get();
        channel.forEach(Held::check);
        if (random.nextBoolean()) {
            network.recycleUnpooledMemorySegments(exclusive);
            pool.lazyDestroy();
        } else {
            pool.lazyDestroy();
            network.recycleUnpooledMemorySegments(exclusive);
        }
    }

    /** The last ones are kept for as long as there are others, and given back when nobody has another. */
    private static Void giveBack(BlockingQueue<Held> inFlight, int count) throws InterruptedException {
        Deque<Held> kept = new ArrayDeque<>();
        for (int done = 0; done < count; ) {
            Held held = inFlight.poll(200, TimeUnit.MICROSECONDS);
            if (held != null) {
                kept.add(held);
                done++;
            }
            if (kept.size() > 2 || held == null && !kept.isEmpty()) {
                kept.remove().giveBack();
            }
        }
        kept.forEach(Held::giveBack);
        return null;
    }

    private Callable<Void> resizer(HoldfastNetworkBufferPool network, Random random, CountDownLatch left) {
        return () -> {
            int accepted = 0;
            while (!left.await(random.nextInt(4), TimeUnit.MILLISECONDS)) {
                long bytes = random.nextBoolean()
                        ? network.getFloorBytes()
                        : (1 + random.nextInt(2 * SLABS * PER_SLAB)) * (long) SEGMENT;
                try {
                    network.resize(bytes);
                    accepted++;
                } catch (IllegalArgumentException belowFloor) {
                    assertThat(belowFloor).hasMessageContaining("less than what tasks must have");
                }
                assertThat(network.getNumberOfAvailableMemorySegments() + network.getNumberOfUsedMemorySegments())
                        .isBetween(0, 4 * SLABS * PER_SLAB);
            }
            assertThat(accepted).isPositive();
            return null;
        };
    }

    private Held held(MemorySegment segment) {
        return new Held(segment, numbers.incrementAndGet());
    }

    /** A segment that is ours until we give it back. */
    private static final class Held {

        private final MemorySegment segment;
        private final long number;
        private BufferPool pool;
        private BufferBuilder builder;
        private BufferConsumer reader;

        Held(MemorySegment segment, long number) {
            this.segment = segment;
            this.number = number;
            for (int at = 0; at < segment.size(); at += Long.BYTES) {
                segment.putLong(at, number);
            }
        }

        void check() {
            for (int at = 0; at < segment.size(); at += Long.BYTES) {
                if (segment.getLong(at) != number) {
                    throw new AssertionError("segment holds another's number at " + at);
                }
            }
        }

        void giveBack() {
            check();
            if (builder != null) {
                builder.close();
                reader.close();
            } else {
                pool.recycle(segment);
            }
        }
    }
}
