package io.holdfast.flink.restart;

import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.concurrent.ComponentMainThreadExecutor;

/**
 * A main thread that can be made to do at once what would wait its turn behind other work: {@code execute} runs its
 * argument in place while {@link #promptly} is running on the same thread. For methods of Flink's that hand work to the
 * main thread although they are called on it, where the work must be done before the caller goes on.
 *
 * <p>Happens-before: {@code prompt} is the main thread or null. A thread compares it with itself: the main thread finds
 * what it has written, in program order, and any other thread finds that it is not meant, whatever it reads.
 */
public final class PromptMainThread implements ComponentMainThreadExecutor {

    private final ComponentMainThreadExecutor mainThread;
    private volatile Thread prompt;

    /** Any thread. */
    public PromptMainThread(ComponentMainThreadExecutor mainThread) {
        this.mainThread = mainThread;
    }

    /** Main thread. Runs {@code work}, and in place whatever it hands to the main thread. */
    public void promptly(Runnable work) {
        mainThread.assertRunningInMainThread();
        prompt = Thread.currentThread();
        try {
            work.run();
        } finally {
            prompt = null;
        }
    }

    /** Any thread. */
    @Override
    public void execute(Runnable work) {
        if (Thread.currentThread() == prompt) {
            work.run();
        } else {
            mainThread.execute(work);
        }
    }

    @Override
    public void assertRunningInMainThread() {
        mainThread.assertRunningInMainThread();
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable work, long delay, TimeUnit unit) {
        return mainThread.schedule(work, delay, unit);
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> work, long delay, TimeUnit unit) {
        return mainThread.schedule(work, delay, unit);
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable work, long initialDelay, long period, TimeUnit unit) {
        return mainThread.scheduleAtFixedRate(work, initialDelay, period, unit);
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable work, long initialDelay, long delay, TimeUnit unit) {
        return mainThread.scheduleWithFixedDelay(work, initialDelay, delay, unit);
    }
}
