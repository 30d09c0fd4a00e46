package org.apache.flink.runtime.io.network.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.holdfast.flink.networkmemory.NetworkMemorySettings;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongPredicate;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.apache.flink.core.memory.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Network memory that grows back for a task, beside an agent that lends direct memory. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HoldfastNetworkBufferPoolGrowthTest {

    private static final int SEGMENT = 256;
    private static final int PER_SLAB = 4;
    private static final long SLAB = PER_SLAB * SEGMENT;

    private final List<Long> asked = new CopyOnWriteArrayList<>();
    private LongPredicate agent = bytes -> true;
    private HoldfastNetworkBufferPool network = pool(4);

    /** What the agent's MBean looks like from here. */
    public interface DirectMemory {
        boolean lend(long bytes);
    }

    @BeforeEach
    void register() throws Exception {
        DirectMemory bean = bytes -> {
            asked.add(bytes);
            return agent.test(bytes);
        };
        ManagementFactory.getPlatformMBeanServer().registerMBean(new StandardMBean(bean, DirectMemory.class), name());
        long before = direct();
        network.resize(SLAB);
        awaitNoDebt();
        while (direct() > before - 3 * SLAB) { // freed a moment after it counts as such
            LockSupport.parkNanos(1_000_000);
        }
    }

    @AfterEach
    void everythingCanBeGivenBack() throws Exception {
        ManagementFactory.getPlatformMBeanServer().unregisterMBean(name());
        network.destroyAllBufferPools();
        network.destroy();
    }

    @Test
    void agentIsAskedForTheLimitBeforeMemoryGrowsBack() throws Exception {
        CompletableFuture<Long> size = new CompletableFuture<>();
        agent = bytes -> size.complete(network.getSizeBytes());

        BufferPool pool = network.createBufferPool(2 * PER_SLAB + 1, 3 * PER_SLAB);

        assertThat(asked).containsExactly(2 * SLAB);
        assertThat(size).isCompletedWithValue(SLAB);
        pool.reserveSegments(2 * PER_SLAB + 1);
        assertThat(network.getSizeBytes()).isEqualTo(3 * SLAB);
    }

    @Test
    void agentIsNotAskedForWhatIsThere() throws Exception {
        network.createBufferPool(PER_SLAB, PER_SLAB);
        network.resize(4 * SLAB);

        assertThat(asked).isEmpty();
    }

    @Test
    void agentThatRefusesIsNoReasonNotToTry() throws Exception {
        agent = bytes -> {
            throw new IllegalStateException("broken");
        };

        network.createBufferPool(2 * PER_SLAB, 2 * PER_SLAB).reserveSegments(2 * PER_SLAB);

        assertThat(asked).containsExactly(SLAB);
    }

    @Test
    void tasksThatMustHaveNothingMoreDoNotWaitForAGrowth() throws Exception {
        BufferPool old = network.createBufferPool(1, PER_SLAB);
        List<MemorySegment> exclusive = network.requestUnpooledMemorySegments(1);
        CompletableFuture<Integer> pools = new CompletableFuture<>();
        agent = bytes -> {
            Thread other = new Thread(() -> {
                network.recycleUnpooledMemorySegments(exclusive);
                old.lazyDestroy();
                try {
                    network.requestUnpooledMemorySegments(0);
                } catch (IOException e) {
                    pools.completeExceptionally(e);
                }
                pools.complete(network.getNumberOfRegisteredBufferPools());
            });
            other.start();
            return pools.orTimeout(5, TimeUnit.SECONDS)
                    .exceptionally(late -> null)
                    .thenApply(count -> true)
                    .join();
        };

        network.createBufferPool(2 * PER_SLAB, 2 * PER_SLAB);

        assertThat(pools).isCompletedWithValue(0);
        assertThat(network.getTargetBytes()).as("what is needed still").isEqualTo(2 * SLAB);
        awaitNoDebt();
    }

    @Test
    void growthThatIsNotNeededAnyMoreLeavesTheTargetAsItIs() throws Exception {
        network.resize(2 * SLAB);
        List<MemorySegment> exclusive = network.requestUnpooledMemorySegments(2 * PER_SLAB);
        agent = bytes -> {
            network.recycleUnpooledMemorySegments(exclusive);
            return true;
        };

        network.createBufferPool(1, 1);

        assertThat(network.getTargetBytes()).isEqualTo(2 * SLAB);
        assertThat(network.getGrownBack()).isZero();
        awaitNoDebt();
    }

    @Test
    void growthThatComesToNothingLeavesNothingBehind() throws Exception {
        long before = direct();
        agent = bytes -> {
            network.destroy();
            return true;
        };

        assertThatIllegalStateException()
                .isThrownBy(() -> network.createBufferPool(2 * PER_SLAB, 2 * PER_SLAB))
                .withMessageContaining("destroyed");

        assertThat(before - direct()).isEqualTo(SLAB);
    }

    @Test
    void whatIsPromisedToATaskThatStillGrowsIsNotPromisedAgain() throws Exception {
        CompletableFuture<BufferPool> tooMuch = new CompletableFuture<>();
        agent = bytes -> {
            try {
                return tooMuch.complete(network.createBufferPool(PER_SLAB + 1, PER_SLAB + 1));
            } catch (IOException e) {
                return tooMuch.completeExceptionally(e);
            }
        };

        network.createBufferPool(3 * PER_SLAB, 3 * PER_SLAB);

        assertThat(tooMuch)
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withMessageContaining("required 5, but only 4 of 16");
        network.createBufferPool(PER_SLAB, PER_SLAB);
        assertThat(network.getTargetBytes()).isEqualTo(4 * SLAB);
    }

    private static HoldfastNetworkBufferPool pool(int slabs) {
        return new HoldfastNetworkBufferPool(
                new NetworkMemorySettings(SEGMENT, (int) SLAB, slabs * PER_SLAB, 1, 100 * PER_SLAB),
                Duration.ofSeconds(10));
    }

    private void awaitNoDebt() {
        while (network.getDebtBytes() > 0) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static long direct() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .findFirst()
                .orElseThrow()
                .getTotalCapacity();
    }

    private static ObjectName name() throws Exception {
        return new ObjectName("io.holdfast:type=DirectMemory");
    }
}
