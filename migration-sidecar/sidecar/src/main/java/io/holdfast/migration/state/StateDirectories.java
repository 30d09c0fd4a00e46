package io.holdfast.migration.state;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
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
 * localState_RESOURCEID} in those of {@code execution.checkpointing.local-backup.dirs}, {@code tm_RESOURCEID/localState} in that of
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
            try {
                Path real = directory.toRealPath();
                for (List<String> place : places(real)) {
                    List<String> names = new ArrayList<>(place);
                    names.addAll(checkpoint.directories());
                    Optional<Found> found = find(real, names);
                    if (found.isPresent() && found.get().attributes().isDirectory()) {
                        return Optional.of(found.get().path());
                    }
                }
            } catch (NoSuchFileException | NotDirectoryException e) {
                continue; // not there yet, or not any more
            }
        }
        return Optional.empty();
    }

    /** Where allocations can be below {@code directory}: there itself, or in what Flink makes below what its options name. */
    private static List<List<String>> places(Path directory) throws IOException {
        List<List<String>> places = new ArrayList<>();
        places.add(List.of());
        try (DirectoryStream<Path> children =
                Files.newDirectoryStream(directory, "{" + LOCAL_STATE + "," + LOCAL_STATE + "_*,tm_*}")) {
            for (Path child : children) {
                String name = child.getFileName().toString();
                places.add(name.startsWith(LOCAL_STATE) ? List.of(name) : List.of(name, LOCAL_STATE));
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return places;
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
        return find(checkpoint, names)
                .filter(found -> found.attributes().isRegularFile())
                .map(found -> new StateFile(found.path(), found.attributes().size()));
    }

    private record Found(Path path, BasicFileAttributes attributes) {}

    /** Goes down from one directory to the next, and never through a symbolic link, nor up. */
    private static Optional<Found> find(Path from, List<String> names) throws IOException {
        Path path = from;
        BasicFileAttributes attributes = null;
        try {
            for (String name : names) {
                Path next = path.resolve(name);
                if (attributes != null && !attributes.isDirectory()
                        || !path.equals(next.normalize().getParent())) {
                    return Optional.empty();
                }
                path = next;
                attributes = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            }
            return Optional.of(new Found(path, attributes));
        } catch (NoSuchFileException | NotDirectoryException | InvalidPathException e) {
            return Optional.empty(); // the last: no name for this file system
        }
    }

    @Override
    public String toString() {
        return String.join(",", directories.stream().map(Path::toString).toList());
    }
}
