package io.holdfast.flink.restart;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.concurrent.ComponentMainThreadExecutor;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** Another thread hands over work while the main thread does its own in place. */
final class PromptMainThreadRaces {

    private PromptMainThreadRaces() {}

    /** Work is done in place on the main thread alone. */
    @JCStressTest
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "each where it belongs")
    @Outcome(expect = FORBIDDEN, desc = "the main thread's work waits, or another's does not")
    @State
    public static class Executing {
        private final PromptMainThread mainThread = new PromptMainThread(new Dropping());

        @Actor
        public void mainThread(ZZ_Result inPlace) {
            mainThread.promptly(() -> mainThread.execute(() -> inPlace.r1 = true));
        }

        @Actor
        public void otherThread(ZZ_Result inPlace) {
            mainThread.execute(() -> inPlace.r2 = true);
        }
    }

    /** Never comes to what it is handed. */
    private static final class Dropping implements ComponentMainThreadExecutor {

        @Override
        public void execute(Runnable work) {}

        @Override
        public void assertRunningInMainThread() {}

        @Override
        public ScheduledFuture<?> schedule(Runnable work, long delay, TimeUnit unit) {
            throw new UnsupportedOperationException();
        }

        @Override
        public <V> ScheduledFuture<V> schedule(Callable<V> work, long delay, TimeUnit unit) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ScheduledFuture<?> scheduleAtFixedRate(Runnable work, long initialDelay, long period, TimeUnit unit) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ScheduledFuture<?> scheduleWithFixedDelay(Runnable work, long initialDelay, long delay, TimeUnit unit) {
            throw new UnsupportedOperationException();
        }
    }
}
