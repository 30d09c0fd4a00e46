package io.holdfast.flink.exchange;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads of one TaskManager that attach channels to producers. Connecting may block for as long as the network
 * likes, so it happens on no thread of Flink's. Thread-safe. After {@link #close()} work is dropped in silence.
 */
public final class AttachExecutor implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AttachExecutor.class);

    private static final int THREADS = 4;

    /** Connections that may be under way at once; further ones wait. */
    private static final int CONNECTIONS = 32;

    private final ThreadPoolExecutor workers = new ThreadPoolExecutor(
            THREADS, THREADS, 5, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named("holdfast-attach"));
    private final ThreadPoolExecutor connectors = new ThreadPoolExecutor(
            CONNECTIONS, CONNECTIONS, 5, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named("holdfast-connect"));
    private final ScheduledThreadPoolExecutor timer =
            new ScheduledThreadPoolExecutor(1, named("holdfast-attach-timer"));

    /** TaskManager start-up thread. */
    public AttachExecutor() {
        workers.allowCoreThreadTimeOut(true);
        connectors.allowCoreThreadTimeOut(true);
        timer.setRemoveOnCancelPolicy(true);
    }

    /** Any thread. Runs {@code work}, which must not block, soon. */
    public void execute(Runnable work) {
        executeOn(workers, work);
    }

    /** Any thread. Runs {@code work}, which may block for as long as the network likes. */
    public void connect(Runnable work) {
        executeOn(connectors, work);
    }

    private static void executeOn(ThreadPoolExecutor executor, Runnable work) {
        try {
            executor.execute(() -> run(work));
        } catch (RejectedExecutionException closed) {
            LOG.debug("Dropped because the TaskManager ends: {}", work);
        }
    }

    /** Any thread. Runs {@code work} after {@code delayMs} milliseconds. */
    public void schedule(Runnable work, long delayMs) {
        try {
            timer.schedule(() -> execute(work), delayMs, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closed) {
            LOG.debug("Dropped because the TaskManager ends: {}", work);
        }
    }

    /** TaskManager's closing thread. Waits for nothing. */
    @Override
    public void close() {
        timer.shutdownNow();
        workers.shutdownNow();
        connectors.shutdownNow();
    }

    private static void run(Runnable work) {
        try {
            work.run();
        } catch (Throwable t) { // the work reports its own failures; this is the last line
            LOG.error("Attaching failed in an unforeseen way: work={}", work, t);
        }
    }

    private static ThreadFactory named(String name) {
        AtomicInteger number = new AtomicInteger();
        return work -> {
            Thread thread = new Thread(work, name + "-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
