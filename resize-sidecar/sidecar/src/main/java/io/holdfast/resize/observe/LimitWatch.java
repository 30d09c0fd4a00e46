package io.holdfast.resize.observe;

import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls back when a file of a cgroup is written by a user process, as a container runtime writes a limit. The kernel tells
 * that by inotify, in milliseconds, for cgroups as well; where it does not, only polling notices.
 */
public final class LimitWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LimitWatch.class);

    private final WatchService service;
    private final Thread thread;

    private LimitWatch(WatchService service, Thread thread) {
        this.service = service;
        this.thread = thread;
    }

    /** Begins; {@code changed} runs in a thread of this watch, and must be short. */
    public static LimitWatch on(Path directory, Runnable changed) throws IOException {
        WatchService service = FileSystems.getDefault().newWatchService();
        try {
            directory.register(service, ENTRY_MODIFY);
        } catch (IOException e) {
            service.close();
            throw e;
        }
        Thread thread = new Thread(() -> run(service, changed), "holdfast-limit-watch");
        thread.setDaemon(true);
        thread.start();
        return new LimitWatch(service, thread);
    }

    private static void run(WatchService service, Runnable changed) {
        try {
            while (true) {
                WatchKey key = service.take();
                boolean limit = key.pollEvents().stream().anyMatch(event -> isLimit(event.context()));
                if (limit) {
                    changed.run();
                }
                if (!key.reset()) {
                    return; // the cgroup is gone: polling finds the next one
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ClosedWatchServiceException e) {
            LOG.debug("Watch ended: reason=closed");
        }
    }

    private static boolean isLimit(Object file) {
        return file == null || "memory.max".equals(file.toString()) || "memory.limit_in_bytes".equals(file.toString());
    }

    @Override
    public void close() throws IOException {
        service.close();
        thread.interrupt();
    }
}
