package io.holdfast.flink.inflight;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the files of a TaskManager's in-flight logs are: in each of Flink's temporary directories one of ours, made when it
 * is needed and locked as long as the process lives. One that nobody has locked was left by a process that was killed.
 *
 * <p>Locks: {@code this} guards everything.
 */
final class InFlightDirectory {

    private static final Logger LOG = LoggerFactory.getLogger(InFlightDirectory.class);

    private static final String PREFIX = "holdfast-in-flight-";
    private static final String LOCK = "lock";

    /** Those of this process: to lock one again, even in vain, may unlock it. */
    private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();

    private record Locked(Path path, FileChannel channel, FileLock lock) {}

    private final List<Path> parents;
    private final String name = PREFIX + UUID.randomUUID();
    private final Map<Path, Locked> made = new LinkedHashMap<>();
    private final List<InFlightFile> open = new ArrayList<>();
    private int files;

    InFlightDirectory(List<Path> parents) {
        this.parents = List.copyOf(parents);
    }

    /** Writing thread. An empty file, in one directory after the other. */
    synchronized InFlightFile newFile() throws IOException {
        Path parent = parents.get(files % parents.size());
        Locked directory = made.get(parent);
        if (directory == null) {
            Path path = parent.resolve(name);
            OURS.add(path);
            Files.createDirectories(path);
            directory = lock(path);
            if (directory == null) {
                throw new IOException("Directory is locked by another process: " + path);
            }
            made.put(parent, directory);
        }
        open.removeIf(InFlightFile::isDeleted);
        InFlightFile file = new InFlightFile(directory.path.resolve(files++ + ".log"));
        open.add(file);
        return file;
    }

    /** TaskManager start-up thread. Removes what killed processes have left. */
    synchronized void sweep() {
        for (Path parent : parents) {
            if (Files.isDirectory(parent)) {
                try (DirectoryStream<Path> ours = Files.newDirectoryStream(parent, PREFIX + "*")) {
                    for (Path left : ours) {
                        sweep(left);
                    }
                } catch (IOException e) {
                    LOG.warn("Files of killed predecessors not looked for: directory={}", parent, e);
                }
            }
        }
    }

    private static void sweep(Path left) throws IOException {
        if (OURS.contains(left) || !Files.exists(left.resolve(LOCK))) { // or it is being made
            return;
        }
        Locked dead = lock(left);
        if (dead != null) {
            LOG.info("In-flight log of a killed process removed: directory={}", left);
            remove(dead);
        }
    }

    private static @Nullable Locked lock(Path directory) throws IOException {
        FileChannel channel =
                FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return new Locked(directory, channel, lock);
            }
        } catch (OverlappingFileLockException e) {
            LOG.debug("Locked by this process: directory={}", directory);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        channel.close();
        return null;
    }

    private static void remove(Locked directory) {
        try {
            List<Path> content = new ArrayList<>();
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory.path)) {
                files.forEach(content::add);
            }
            for (Path file : content) {
                Files.deleteIfExists(file);
            }
            directory.lock.release();
            directory.channel.close();
            Files.deleteIfExists(directory.path);
            OURS.remove(directory.path);
        } catch (IOException e) {
            LOG.warn("Directory of the in-flight log not removed: directory={}", directory.path, e);
        }
    }

    /** TaskManager's closing thread. */
    synchronized void close() {
        open.forEach(InFlightFile::delete);
        open.clear();
        made.values().forEach(InFlightDirectory::remove);
        made.clear();
    }

    @Override
    public String toString() {
        return parents.toString();
    }
}
