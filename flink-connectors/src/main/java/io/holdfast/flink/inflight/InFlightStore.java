package io.holdfast.flink.inflight;

import io.holdfast.flink.config.HoldfastOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;
import javax.annotation.concurrent.GuardedBy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory and disk of all in-flight logs of one TaskManager, both bounded. What comes is put into memory; when that is half
 * full one thread writes what has been there longest to files. Neither heap nor disk is used before something comes.
 * Thread-safe.
 *
 * <p>Locks: {@code this}, which may be taken while a subpartition's lock is held; no other one is taken, no file is
 * touched and nobody is called while it is held. A block is read and freed under its subpartition's lock, so never both at
 * once.
 */
public final class InFlightStore implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(InFlightStore.class);

    /** What a block takes beside its content, about. */
    private static final int OVERHEAD_BYTES = 96;

    /** A file that is this long is written to no more; it goes when the last of its blocks does. */
    private static final long FILE_BYTES = 16L << 20;

    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long IDLE_SECONDS = 30;
    private static final long CLOSE_SECONDS = 10;

    /** A part of a stream, in memory or on disk. Its owner reads and frees it, not both at once. */
    public final class Block {

        private final int bytes;
        private final long sinceNanos = System.nanoTime();

        // ---- guarded by the store

        private @Nullable byte[] content;
        private @Nullable InFlightFile file;
        private long offset;
        private boolean freed;

        private Block(byte[] content) {
            this.content = content;
            this.bytes = content.length;
        }

        /** Owner's thread. What was put; nobody may write to it. */
        byte[] read() throws IOException {
            synchronized (InFlightStore.this) {
                if (content != null) {
                    return content;
                }
            }
            return file.read(offset, bytes); // which stays as long as this block does
        }

        /** Owner's thread, once. */
        void free() {
            InFlightStore.this.free(this);
        }
    }

    private final long memoryBytes;
    private final long diskBytes;
    private final InFlightDirectory directory;
    private final ThreadPoolExecutor writer;

    @GuardedBy("this")
    private final LinkedHashSet<Block> blocks = new LinkedHashSet<>();

    /** Longest there first; may hold freed ones. */
    @GuardedBy("this")
    private final ArrayDeque<Block> inMemory = new ArrayDeque<>();

    /** Who was refused, and is to try again. */
    @GuardedBy("this")
    private List<Runnable> waiting = new ArrayList<>();

    @GuardedBy("this")
    private @Nullable InFlightFile current;

    @GuardedBy("this")
    private long memoryUsed;

    @GuardedBy("this")
    private long diskUsed;

    @GuardedBy("this")
    private long refused;

    @GuardedBy("this")
    private long gaveUp;

    @GuardedBy("this")
    private long failures;

    @GuardedBy("this")
    private boolean writing;

    /** When writing failed last, by {@link System#nanoTime}; only valid if {@code broken}. */
    @GuardedBy("this")
    private long brokenAt;

    @GuardedBy("this")
    private boolean broken;

    @GuardedBy("this")
    private boolean closed;

    /**
     * TaskManager start-up thread. Removes what killed predecessors have left in {@code directories}.
     *
     * @param memoryBytes what is kept in memory at most; 0 for nothing at all
     * @param diskBytes what is kept on disk at most, besides
     * @param directories where files may be
     */
    public InFlightStore(long memoryBytes, long diskBytes, List<Path> directories) {
        this.memoryBytes = memoryBytes;
        this.diskBytes = directories.isEmpty() ? 0 : diskBytes;
        directory = new InFlightDirectory(directories);
        directory.sweep();
        writer = new ThreadPoolExecutor(1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
            Thread thread = new Thread(work, "holdfast-in-flight-log");
            thread.setDaemon(true);
            return thread;
        });
        writer.allowCoreThreadTimeOut(true);
    }

    /** Any thread. Whether there can ever be room. */
    boolean isOn() {
        return memoryBytes > 0;
    }

    // ------------------------------------------------------------------ blocks come and go

    /** Any thread. A copy of {@code content}; null if there is no room for it, which {@link #whenRoom} tells of. */
    @Nullable
    synchronized Block put(ByteBuffer content) {
        int bytes = content.remaining();
        if (closed || !hasRoom(bytes)) {
            refused++;
            return null;
        }
        byte[] copy = new byte[bytes];
        content.get(copy);
        Block block = new Block(copy);
        blocks.add(block);
        inMemory.add(block);
        memoryUsed += bytes + OVERHEAD_BYTES;
        writeSoon();
        return block;
    }

    /** Any thread. Whether {@code bytes} could be put now; if not it counts as a refusal. */
    synchronized boolean admits(int bytes) {
        boolean admitted = !closed && hasRoom(bytes);
        refused += admitted ? 0 : 1;
        return admitted;
    }

    /** Any thread. Whether {@code bytes} could not be put now but soon, for there is room on disk. */
    synchronized boolean isBehind(int bytes) {
        return !closed && !hasRoom(bytes) && (writing || toWrite() != null);
    }

    @GuardedBy("this")
    private boolean hasRoom(int bytes) {
        return memoryUsed + bytes + OVERHEAD_BYTES <= memoryBytes;
    }

    /**
     * Any thread. {@code retry} is called, once, by a thread of the store that holds no lock, when something was freed since
     * {@code bytes} were refused.
     */
    synchronized void whenRoom(int bytes, Runnable retry) {
        if (closed) {
            return;
        }
        waiting.add(retry);
        if (hasRoom(bytes)) {
            execute(this::tellWaiting);
        } else {
            writeSoon(); // the reason may be that it failed a while ago
        }
    }

    /** Any thread. A log keeps no longer what was read from it, because there is no room. */
    synchronized void gaveUp() {
        gaveUp++;
    }

    private synchronized void free(Block block) {
        if (block.freed) {
            return;
        }
        block.freed = true;
        blocks.remove(block);
        if (block.content != null) {
            memoryUsed -= block.bytes + OVERHEAD_BYTES;
            block.content = null;
            while (!inMemory.isEmpty() && inMemory.peek().freed) {
                inMemory.remove();
            }
            if (!waiting.isEmpty()) {
                execute(this::tellWaiting);
            }
        } else {
            unused(block.file);
        }
    }

    /** One block less is in {@code file}, or is being written there. */
    @GuardedBy("this")
    private void unused(InFlightFile file) {
        file.blocks--;
        if (file.blocks == 0 && (file == current || file.full)) {
            if (file == current) {
                current = null;
            }
            diskUsed -= file.length;
            execute(file::delete);
            if (!waiting.isEmpty()) {
                writeSoon();
            }
        }
    }

    @GuardedBy("this")
    private void execute(Runnable work) {
        try {
            writer.execute(work);
        } catch (RejectedExecutionException e) {
            LOG.debug("In-flight log is closed: its files go with their directory");
        }
    }

    private void tellWaiting() {
        List<Runnable> told;
        synchronized (this) {
            told = waiting;
            waiting = new ArrayList<>();
        }
        told.forEach(Runnable::run);
    }

    // ------------------------------------------------------------------ writing

    @GuardedBy("this")
    private void writeSoon() {
        if (!writing && toWrite() != null) {
            writing = true;
            execute(this::write);
        }
    }

    /** What goes to disk next; null if nothing must, or can. */
    @GuardedBy("this")
    private @Nullable Block toWrite() {
        if (closed || memoryUsed * 2 <= memoryBytes || broken && System.nanoTime() - brokenAt < RETRY_NANOS) {
            return null;
        }
        while (!inMemory.isEmpty() && inMemory.peek().freed) {
            inMemory.remove();
        }
        Block oldest = inMemory.peek();
        return oldest != null && diskUsed + oldest.bytes <= diskBytes ? oldest : null;
    }

    /** Writing thread. */
    private void write() {
        while (true) {
            Block block;
            byte[] content;
            InFlightFile file;
            synchronized (this) {
                block = toWrite();
                if (block == null) {
                    writing = false;
                    break;
                }
                content = block.content;
                if (current != null && current.length + block.bytes > FILE_BYTES) {
                    current.full = true;
                    current = null;
                }
                file = current;
                if (file != null) {
                    file.blocks++; // or it might be deleted meanwhile
                }
            }
            try {
                if (file == null) {
                    file = directory.newFile();
                    synchronized (this) {
                        current = file;
                        file.blocks++;
                    }
                }
                written(block, file, file.append(content));
            } catch (IOException | RuntimeException e) {
                failed(file, e);
            }
        }
        tellWaiting();
    }

    private synchronized void written(Block block, InFlightFile file, long offset) {
        diskUsed += block.bytes;
        if (broken) {
            broken = false;
            LOG.info("In-flight log can be written again: failures={}", failures);
        }
        if (block.freed) {
            unused(file);
            return;
        }
        inMemory.remove(); // it is still the first: only the writing thread passes over it
        block.content = null;
        block.file = file;
        block.offset = offset;
        memoryUsed -= block.bytes + OVERHEAD_BYTES;
    }

    private synchronized void failed(@Nullable InFlightFile file, Exception cause) {
        failures++;
        if (!broken) {
            LOG.error(
                    "In-flight log cannot be written, keeping it in memory and retrying: directory={} retrySeconds={}."
                            + " Check that the file system has room and may be written to, or set {} to 0",
                    directory,
                    TimeUnit.NANOSECONDS.toSeconds(RETRY_NANOS),
                    HoldfastOptions.IN_FLIGHT_LOG_DISK.key(),
                    cause);
        }
        broken = true;
        brokenAt = System.nanoTime();
        if (file != null) {
            if (file == current) { // its end is not known
                current = null;
            }
            file.full = true;
            unused(file);
        }
    }

    // ------------------------------------------------------------------ metrics

    /** Metrics thread. */
    public synchronized long memoryUsed() {
        return memoryUsed;
    }

    /** Metrics thread. */
    public synchronized long diskUsed() {
        return diskUsed;
    }

    /** Metrics thread. How long the oldest block has been here, in milliseconds; 0 if there is none. */
    public synchronized long oldestAgeMs() {
        return blocks.isEmpty()
                ? 0
                : TimeUnit.NANOSECONDS.toMillis(
                        System.nanoTime() - blocks.iterator().next().sinceNanos);
    }

    /** Metrics thread. How often there was no room. */
    public synchronized long refused() {
        return refused;
    }

    /** Metrics thread. How often a consumer that has just been replaced could not be replaced again without loss. */
    public synchronized long givenUp() {
        return gaveUp;
    }

    /** Metrics thread. How often writing failed. */
    public synchronized long failures() {
        return failures;
    }

    // ------------------------------------------------------------------ its end

    /** TaskManager's closing thread. Nothing can be put or read any more, and no file is left. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            waiting.clear();
        }
        writer.shutdown();
        try {
            if (!writer.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("In-flight log is still being written: directory={}", directory);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        directory.close();
    }
}
