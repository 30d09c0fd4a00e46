package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

class LeakCheckTest {

    private static final CountDownLatch END = new CountDownLatch(1);

    @AfterEach
    void endLeakedThreads() {
        END.countDown();
    }

    @Test
    void failsATestThatLeavesAThread() {
        Events tests = run(Leaking.class);

        tests.assertStatistics(statistics -> statistics.succeeded(1).failed(1));
        assertThat(failure(tests)).contains("1 threads outlived leaves()").contains("'left-behind'");
    }

    @Test
    void failsATestWhoseThreadDied() {
        Events tests = run(Dying.class);

        assertThat(failure(tests)).contains("Thread 'short-lived' died during dies()");
    }

    private static Events run(Class<?> testClass) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(testClass))
                .configurationParameter("junit.jupiter.conditions.deactivate", "*")
                .execute()
                .testEvents();
    }

    private static String failure(Events tests) {
        return tests.failed()
                .list()
                .get(0)
                .getRequiredPayload(org.junit.platform.engine.TestExecutionResult.class)
                .getThrowable()
                .orElseThrow()
                .getMessage();
    }

    private static Thread started(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    static class Leaking {
        @RegisterExtension
        final LeakCheck leakCheck = LeakCheck.ignoring("known-");

        @Test
        void leaves() {
            started("left-behind", LeakCheckTest::awaitEnd);
        }

        @Test
        void leavesOnlyWhatIsIgnored() {
            started("known-worker", LeakCheckTest::awaitEnd);
        }
    }

    @ExtendWith(LeakCheck.class)
    static class Dying {
        @Test
        void dies() throws InterruptedException {
            started("short-lived", () -> {
                        throw new IllegalStateException("on purpose");
                    })
                    .join();
        }
    }

    private static void awaitEnd() {
        try {
            END.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
