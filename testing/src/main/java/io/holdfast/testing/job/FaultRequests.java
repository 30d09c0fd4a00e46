package io.holdfast.testing.job;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Failures that a program asks its job for: a file {@code fail-<operator>-<subtask>} in a directory both know. */
public record FaultRequests(Path directory) {

    private static final String FAIL = "fail-";

    /** Asks a subtask to fail with the next thing it does. Asking again before it did changes nothing. */
    public void add(String operator, int subtask) throws IOException {
        try {
            Files.createFile(file(operator, subtask));
        } catch (FileAlreadyExistsException e) {
            // It has not failed yet.
        }
    }

    /** Whether the failure that was asked for is still to come. */
    public boolean contains(String operator, int subtask) {
        return Files.exists(file(operator, subtask));
    }

    /** Names of the failures that are still to come. */
    public List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(FAIL))
                    .sorted()
                    .toList();
        }
    }

    /** Whether this subtask shall fail; withdraws the request, so that its successor lives. */
    boolean take(String operator, int subtask) throws IOException {
        Path request = file(operator, subtask);
        return Files.exists(request) && Files.deleteIfExists(request);
    }

    private Path file(String operator, int subtask) {
        return directory.resolve(FAIL + operator + "-" + subtask);
    }
}
