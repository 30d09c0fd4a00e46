package io.holdfast.jarcache.init;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.Bundle;
import io.holdfast.jarcache.BundleManifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory {@code .holdfast} of a target: to which bundle the target belongs, and which runs are at work on it. Several
 * pods of a node may share one target, and any of them may be killed at any time.
 *
 * <ul>
 *   <li>{@code bundle.json} is the manifest of the bundle that the target belongs to. The first run writes it, before it
 *       places a jar. It is not replaced: another pod may be running on the jars.
 *   <li>{@code runs/ID.lock} belongs to the run with that id, which holds a lock on it for as long as it lives. The kernel
 *       drops the lock when the process ends, however it ends. Partial files carry the id of their run: {@code
 *       x.jar.ID.part}. So one whose lock can be had, or is not there, was left behind by a run that is dead, and is
 *       deleted.
 *   <li>{@code lock} is locked while a run enters, which takes milliseconds: while it looks whose target this is, makes and
 *       locks its own file, and sweeps. So nobody sees a run's file before it is locked, and no run has a partial file
 *       before that.
 * </ul>
 *
 * <p>The locks are those of {@code fcntl(2)}. They belong to a process, hold between containers of one node, whatever their
 * namespaces, and are dropped when the process closes <em>any</em> descriptor of the file: a run never opens its own a
 * second time. Thread-safe after {@link #enter}.
 */
final class RunRegister implements AutoCloseable {
    static final String DIRECTORY = ".holdfast";

    private static final Logger LOG = LoggerFactory.getLogger(RunRegister.class);
    private static final String LOCK = ".lock";
    private static final long PAUSE_NANOS = Duration.ofMillis(20).toNanos();

    private final Path target;
    private final Path directory;
    private final Path runs;
    private final String run;
    private final Path file;
    private FileChannel ownLock;

    private RunRegister(Path target) {
        this.target = target;
        directory = target.resolve(DIRECTORY);
        runs = directory.resolve("runs");
        run = UUID.randomUUID().toString();
        file = runs.resolve(run + LOCK);
    }

    /**
     * Registers this run, and sweeps what dead ones left behind.
     *
     * @throws HoldfastException FATAL if the target belongs to another bundle; RETRYABLE if {@code deadline} passes while
     *     another run enters; as {@link VolumeFailure} says if the volume refuses
     */
    static RunRegister enter(Path target, Bundle bundle, Deadline deadline) {
        RunRegister register = new RunRegister(target);
        try {
            Directories.make(target, register.runs);
            try (FileChannel entrance = FileChannel.open(
                    register.directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                register.lock(entrance, deadline);
                register.claim(bundle);
                register.open();
                register.sweep();
            }
            return register;
        } catch (IOException e) {
            register.close();
            throw VolumeFailure.of("use " + register.directory, target, e);
        } catch (RuntimeException e) {
            register.close();
            throw e;
        }
    }

    /** The id that partial files of this run carry. */
    String run() {
        return run;
    }

    private void lock(FileChannel entrance, Deadline deadline) throws IOException {
        while (!isLocked(entrance)) {
            if (deadline.passed()) {
                throw new HoldfastException(
                        Disposition.RETRYABLE,
                        "Another run has been entering %s for all of the time that this one had".formatted(target),
                        "Look for a process that is stopped and holds " + directory.resolve("lock")
                                + "; this run is tried again");
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** Whether {@code channel} is locked by this process now and was not before. */
    private static boolean isLocked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) { // by another run of this very process
            return false;
        }
    }

    private void claim(Bundle bundle) throws IOException {
        Path manifest = directory.resolve(BundleManifest.FILE);
        if (!Files.exists(manifest)) {
            Path partial = directory.resolve(JarShelf.partialName(BundleManifest.FILE, run));
            try {
                try (FileChannel out =
                        FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                    ByteBuffer bytes = ByteBuffer.wrap(BundleManifest.write(bundle));
                    while (bytes.hasRemaining()) {
                        out.write(bytes);
                    }
                    out.force(true); // jars that a crash of the node empties are repaired, and this is not
                }
                Files.move(partial, manifest, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(partial);
            }
            return;
        }
        Bundle owner;
        try {
            owner = BundleManifest.read(directory);
        } catch (HoldfastException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%s does not say which bundle it belongs to: %s".formatted(target, e.problem()),
                    "Set HOLDFAST_JAR_CACHE_TARGET to a new directory, or empty this one while no pod uses it",
                    e);
        }
        if (!contents(owner).equals(contents(bundle))) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%s belongs to bundle %s version %s, whose jars are not those of bundle %s version %s"
                            .formatted(target, owner.name(), owner.version(), bundle.name(), bundle.version()),
                    "Give each version of a bundle a directory of its own, such as %s/%s-%s, with"
                                    .formatted(target.getParent(), bundle.name(), bundle.version())
                            + " HOLDFAST_JAR_CACHE_TARGET: other pods may be running on the jars there");
        }
    }

    /** Digests by path. */
    private static Map<String, String> contents(Bundle bundle) {
        Map<String, String> contents = new HashMap<>();
        bundle.jars().forEach(jar -> contents.put(jar.path(), jar.sha256()));
        return contents;
    }

    private void open() throws IOException {
        ownLock = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        FileLock lock = ownLock.tryLock();
        if (lock == null) {
            throw new IOException(file + " is new, and locked by another process");
        }
    }

    private void sweep() throws IOException {
        Map<String, Boolean> dead = new HashMap<>();
        for (Path partial : JarShelf.partials(target)) {
            String owner = JarShelf.runOf(partial);
            if (dead.computeIfAbsent(owner, this::isDead)) {
                delete(partial, "Partial jar of a dead run swept: file={}");
            }
        }
        try (Stream<Path> files = Files.list(runs)) {
            List<Path> locks =
                    files.filter(path -> path.toString().endsWith(LOCK)).toList();
            for (Path path : locks) {
                String name = path.getFileName().toString();
                if (dead.computeIfAbsent(name.substring(0, name.length() - LOCK.length()), this::isDead)) {
                    delete(path, "Lock of a dead run swept: file={}");
                }
            }
        }
    }

    private boolean isDead(String id) {
        if (id.equals(run)) {
            return false;
        }
        try (FileChannel other = FileChannel.open(runs.resolve(id + LOCK), StandardOpenOption.WRITE)) {
            return isLocked(other); // nobody can enter meanwhile, so nobody takes this for a sign of life
        } catch (NoSuchFileException e) {
            return true;
        } catch (IOException e) {
            LOG.debug("Run taken for alive: run={} reason={}", id, e.toString());
            return false;
        }
    }

    private static void delete(Path path, String message) {
        try {
            if (Files.deleteIfExists(path)) {
                LOG.info(message, path);
            }
        } catch (IOException e) {
            LOG.warn("File of a dead run left behind: file={} reason={}", path, e.toString());
        }
    }

    /** Ends the registration. Its partial files must be gone. */
    @Override
    public synchronized void close() {
        if (ownLock == null) {
            return;
        }
        try {
            Files.deleteIfExists(file); // first, while nobody can have its lock
            ownLock.close();
        } catch (IOException e) {
            LOG.debug("Lock left to be swept: file={} reason={}", file, e.toString());
        }
        ownLock = null;
    }
}
