package io.holdfast.migration.state;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where Flink keeps local state. A directory may be what one of Flink's options names, or what Flink makes below that: {@code
 * localState_RESOURCEID} in those of {@code taskmanager.state.local.root-dirs}, {@code tm_RESOURCEID/localState} in that of
 * {@code process.taskmanager.working-dir}. It may come to be later.
 *
 * <p>Symbolic links below a directory lead nowhere: what is behind one is not there.
 */
final class StateDirectories {
    private static final String LOCAL_STATE = "localState";

    private final List<Path> directories;

    StateDirectories(List<Path> directories) {
        this.directories = List.copyOf(directories);
    }

    /** One sentence for each directory that cannot be used. One that is not there yet is none of them. */
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        for (Path directory : directories) {
            if (!Files.exists(directory)) {
                continue;
            }
            if (!Files.isDirectory(directory)) {
                problems.add(
                        "HOLDFAST_MIGRATION_STATE_DIRECTORIES: %s is no directory; name the one that is mounted in Flink's"
                                        .formatted(directory)
                                + " container, too");
            } else if (!Files.isReadable(directory) || !Files.isExecutable(directory)) {
                problems.add(
                        "HOLDFAST_MIGRATION_STATE_DIRECTORIES: %s cannot be read; run the sidecar as the user that Flink"
                                        .formatted(directory)
                                + " runs as");
            }
        }
        return problems;
    }

    /**
     * The directory of a checkpoint, as its real path. Blocks.
     *
     * @return empty if there is none in any directory
     * @throws IOException if that cannot be seen
     */
    Optional<Path> checkpoint(CheckpointId checkpoint) throws IOException {
        for (Path directory : directories) {
            for (Path root : rootsIn(directory)) {
                Path found = root.resolve(checkpoint.allocationDirectory());
                for (String name : checkpoint.directories()) {
                    found = found.resolve(name);
                }
                Optional<BasicFileAttributes> attributes = attributes(found);
                if (attributes.isPresent() && attributes.get().isDirectory()) {
                    return Optional.of(found);
                }
            }
        }
        return Optional.empty();
    }

    /** Itself, and those that Flink makes below the directories that its options name. */
    private static List<Path> rootsIn(Path directory) throws IOException {
        List<Path> roots = new ArrayList<>();
        try {
            Path real = directory.toRealPath();
            roots.add(real);
            try (DirectoryStream<Path> children =
                    Files.newDirectoryStream(real, "{" + LOCAL_STATE + "," + LOCAL_STATE + "_*,tm_*}")) {
                for (Path child : children) {
                    boolean workingDirectory = child.getFileName().toString().startsWith("tm_");
                    roots.add(workingDirectory ? child.resolve(LOCAL_STATE) : child);
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            return roots; // not there yet, or not any more
        }
        return roots;
    }

    /**
     * A regular file below {@code checkpoint}. Blocks.
     *
     * @param checkpoint a real path
     * @param names of directories, and last of the file
     * @return empty if there is none
     * @throws IOException if that cannot be seen
     */
    Optional<StateFile> file(Path checkpoint, List<String> names) throws IOException {
        Path file = checkpoint;
        try {
            for (String name : names) {
                file = file.resolve(name);
            }
        } catch (InvalidPathException e) {
            return Optional.empty(); // no name for this file system
        }
        if (!file.startsWith(checkpoint) || !file.equals(file.normalize())) {
            return Optional.empty();
        }
        Path found = file;
        return attributes(found)
                .filter(BasicFileAttributes::isRegularFile)
                .map(attributes -> new StateFile(found, attributes.size()));
    }

    /** Of what is at {@code path}; empty if nothing is, or only behind a symbolic link. */
    private static Optional<BasicFileAttributes> attributes(Path path) throws IOException {
        try {
            return path.toRealPath().equals(path)
                    ? Optional.of(Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS))
                    : Optional.empty();
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return String.join(",", directories.stream().map(Path::toString).toList());
    }
}
