package io.holdfast.benchmarks.jobmanager;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MeteredMainThreadTest {

    private static final long WORK_NANOS = 20_000_000;

    @Test
    void workIsCountedAndWaitingIsNot() throws Exception {
        try (MeteredMainThread thread = new MeteredMainThread()) {
            long begin = System.nanoTime();
            thread.schedule(() -> work(WORK_NANOS), 200, TimeUnit.MILLISECONDS).get();
            thread.schedule(() -> work(WORK_NANOS), 0, TimeUnit.MILLISECONDS).get();
            long waited = 200_000_000;

            long busyNanos = thread.read().busyNanos();

            assertThat(busyNanos).isBetween(2 * WORK_NANOS, System.nanoTime() - begin - waited);
        }
    }

    @Test
    void workThatIsNotDoneIsCountedSoFar() throws Exception {
        try (MeteredMainThread thread = new MeteredMainThread()) {
            CountDownLatch worked = new CountDownLatch(1);
            CountDownLatch read = new CountDownLatch(1);
            thread.execute(() -> {
                work(WORK_NANOS);
                worked.countDown();
                awaitQuietly(read);
            });

            worked.await();

            assertThat(thread.read().busyNanos()).isGreaterThanOrEqualTo(WORK_NANOS);
            assertThat(thread.isIdle()).isFalse();
            read.countDown();
        }
    }

    @Test
    void firstFailureIsKept() throws Exception {
        try (MeteredMainThread thread = new MeteredMainThread()) {
            IllegalStateException first = new IllegalStateException("first");
            thread.execute(() -> {
                throw first;
            });
            thread.execute(() -> {
                throw new IllegalStateException("second");
            });

            thread.schedule(() -> {}, 0, TimeUnit.MILLISECONDS).get();

            assertThat(thread.failure()).isEqualTo(first);
        }
    }

    private static void work(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
