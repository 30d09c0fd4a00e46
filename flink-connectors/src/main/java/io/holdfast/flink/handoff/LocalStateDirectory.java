package io.holdfast.flink.handoff;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.UUID;
import org.apache.flink.runtime.state.LocalSnapshotDirectoryProvider;
import org.apache.flink.runtime.state.TaskLocalStateStoreImpl;
import org.apache.flink.util.FileUtils;

/**
 * Where a task that is about to run here will look for its local state, and the files that have been fetched for it.
 *
 * <p>Fetched files are collected under a name that says what is in them, in a directory that Flink does not look at; state is
 * put where Flink looks all at once. Files of two checkpoints that are the same are one file. One thread; others may have
 * such an object for the same directory.
 *
 * <p>Flink classes beside it: {@link LocalSnapshotDirectoryProvider}, {@link TaskLocalStateStoreImpl}, read at 2.2.1 and
 * 2.3.0.
 */
final class LocalStateDirectory {

    private static final String STAGED = "holdfast-staged-";
    private static final String PART = ".part";

    private final LocalSnapshotDirectoryProvider directories;
    private final Path staged;

    /** No other's: one that was cancelled may not have ended when the next begins. */
    private final String part = "." + UUID.randomUUID() + PART;

    /** @param move for which state is fetched: what others have fetched, or fetch still, is not used */
    LocalStateDirectory(LocalSnapshotDirectoryProvider directories, String move) {
        this.directories = directories;
        this.staged = directories.selectSubtaskBaseDirectory(0).toPath().resolve(STAGED + move);
    }

    /** Makes the directory for fetched files, and removes those of moves before, which came to nothing. */
    void open() throws IOException {
        Files.createDirectories(staged);
        try (DirectoryStream<Path> all = Files.newDirectoryStream(staged.getParent(), STAGED + "*")) {
            for (Path other : all) {
                if (!other.equals(staged)) {
                    delete(other);
                }
            }
        }
    }

    /** What the file system could still take, in bytes. */
    long usableBytes() throws IOException {
        return Files.getFileStore(staged).getUsableSpace();
    }

    boolean isStaged(StateFile file) {
        return Files.exists(staged.resolve(file.key()));
    }

    /** Where to write a file that is on its way; nothing is there. */
    Path incoming(StateFile file) throws IOException {
        Path incoming = staged.resolve(file.key() + part);
        Files.deleteIfExists(incoming);
        return incoming;
    }

    /** {@code incoming} is whole. */
    void stage(StateFile file, Path incoming) throws IOException {
        Files.move(incoming, staged.resolve(file.key()), StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * Puts {@code files}, all of which are staged, where Flink looks for the state of {@code checkpoint}, and forgets all else
     * that was fetched.
     *
     * @param sourceDirectory what the directory was called on the other machine, from the allocation on
     */
    void place(long checkpoint, List<StateFile> files, String sourceDirectory, ClassLoader classes) throws IOException {
        Path target = directories.subtaskSpecificCheckpointDirectory(checkpoint).toPath();
        Path incoming = target.resolveSibling(target.getFileName() + part);
        delete(target);
        try {
            for (StateFile file : files) {
                Path path = incoming.resolve(file.path());
                Files.createDirectories(path.getParent());
                link(staged.resolve(file.key()), path);
            }
            Path description = incoming.resolve(TaskLocalStateStoreImpl.TASK_STATE_SNAPSHOT_FILENAME);
            if (!Files.exists(description)) {
                throw new IOException("No description of the state is among the files of checkpoint " + checkpoint);
            }
            StateRelocation.rewrite(description, sourceDirectory, target.toAbsolutePath(), classes);
            Files.move(incoming, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            delete(incoming);
            discard();
        }
    }

    private static void link(Path from, Path to) throws IOException {
        try {
            Files.createLink(to, from);
        } catch (UnsupportedOperationException | IOException e) { // another file system
            Files.copy(from, to);
        }
    }

    /** Forgets what was fetched. */
    void discard() throws IOException {
        delete(staged);
    }

    private static void delete(Path directory) throws IOException {
        FileUtils.deleteDirectory(directory.toFile());
    }
}
