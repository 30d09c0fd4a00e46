package io.holdfast.migration.state;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells what files a checkpoint has. What is new of them is read for that, in threads of its own, {@code holdfast-state-N}. */
final class Lister implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Lister.class);
    private static final int READERS = 2; // Flink needs the disk and the processors, too
    private static final int MOST_WAITING = 256;

    private final Vertx vertx;
    private final StateDirectories directories;
    private final Checksums checksums;
    private final Reply reply;
    private final ThreadPoolExecutor readers;

    Lister(Vertx vertx, StateDirectories directories, Checksums checksums, Reply reply) {
        this.vertx = vertx;
        this.directories = directories;
        this.checksums = checksums;
        this.reply = reply;
        AtomicInteger count = new AtomicInteger();
        ThreadFactory threads = task -> {
            Thread thread = new Thread(task, "holdfast-state-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
        this.readers = new ThreadPoolExecutor(
                READERS, READERS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MOST_WAITING), threads);
        readers.allowCoreThreadTimeOut(true);
    }

    /** In the thread of the connection, which it does not block. */
    void answer(HttpServerResponse response, CheckpointId checkpoint) {
        Context connection = vertx.getOrCreateContext();
        try {
            readers.execute(() -> {
                Runnable answer = read(response, checkpoint);
                connection.runOnContext(back -> answer.run());
            });
        } catch (RejectedExecutionException e) {
            reply.problem(
                    response,
                    HttpURLConnection.HTTP_UNAVAILABLE,
                    StateAnswer.FAILED,
                    "Too many checkpoints are being listed. Ask again in a moment.");
        }
    }

    private Runnable read(HttpServerResponse response, CheckpointId checkpoint) {
        if (response.closed()) {
            return () -> reply.gone(response); // who asked is so; nothing is read for nobody
        }
        long begin = System.nanoTime();
        try {
            Optional<Path> directory = directories.checkpoint(checkpoint);
            if (directory.isEmpty()) {
                return () -> reply.gone(response);
            }
            Listing listing = Listing.of(directory.get(), checksums);
            byte[] json = listing.json();
            LOG.info(
                    "State listed: {} files={} bytes={} tookMs={}",
                    checkpoint,
                    listing.files().size(),
                    listing.bytes(),
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
            return () -> reply.json(response, json, StateAnswer.LISTED);
        } catch (NoSuchFileException e) {
            LOG.debug("State gone while it was listed: {}", checkpoint, e);
            return () -> reply.gone(response);
        } catch (IOException | RuntimeException e) {
            return () -> reply.failed(response, checkpoint, e);
        }
    }

    @Override
    public void close() {
        readers.shutdownNow();
    }
}
