package io.holdfast.flink.inflight;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.annotation.concurrent.GuardedBy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of blocks. Not a file channel, which an interrupt of the task thread that reads would close for everybody.
 *
 * <p>Locks: {@code this} guards the file's pointer; the fields are the store's.
 */
final class InFlightFile {

    private static final Logger LOG = LoggerFactory.getLogger(InFlightFile.class);

    private final Path path;

    @GuardedBy("this")
    private final RandomAccessFile file;

    @GuardedBy("this")
    private boolean deleted;

    // ---- guarded by the store; the writing thread alone changes the length

    int blocks;
    long length;
    boolean full;

    /** Writing thread. */
    InFlightFile(Path path) throws IOException {
        this.path = path;
        this.file = new RandomAccessFile(path.toFile(), "rw");
    }

    /** Writing thread. Returns where {@code content} is now. */
    synchronized long append(byte[] content) throws IOException {
        long offset = length;
        file.seek(offset);
        file.write(content);
        length = offset + content.length;
        return offset;
    }

    /** Any thread. */
    synchronized byte[] read(long offset, int bytes) throws IOException {
        byte[] content = new byte[bytes];
        file.seek(offset);
        file.readFully(content);
        return content;
    }

    /** Any thread. Whether it is gone, or should be. */
    synchronized boolean isDeleted() {
        return deleted;
    }

    /** Writing thread; closing thread. */
    void delete() {
        try {
            synchronized (this) {
                deleted = true;
                file.close();
            }
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.warn("File of the in-flight log not deleted, it goes with its directory: file={}", path, e);
        }
    }
}
