package io.holdfast.benchmarks.job;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The directory through which a program and its job talk.
 *
 * <p>{@code fail-<operator>-<subtask>} makes that subtask fail once; {@code pause} keeps the sources silent; {@code
 * damaged-*} says that a record arrived that nobody sent; {@code arrivals/} is the output, {@code pending/} what is not
 * committed yet; {@code checkpoints/} is Flink's.
 */
public record RunDirectory(Path path) {

    private static final String FAIL = "fail-";
    private static final String PAUSE = "pause";
    private static final String DAMAGED = "damaged-";

    public void create() throws IOException {
        Files.createDirectories(arrivals());
        Files.createDirectories(pending());
    }

    public Path arrivals() {
        return path.resolve("arrivals");
    }

    Path pending() {
        return path.resolve("pending");
    }

    public Path checkpoints() {
        return path.resolve("checkpoints");
    }

    /** Asks a subtask to fail with the next thing it does. Asking again before it did changes nothing. */
    public void requestFailure(String operator, int subtask) throws IOException {
        try {
            Files.createFile(failure(operator, subtask));
        } catch (FileAlreadyExistsException e) {
            // It has not failed yet.
        }
    }

    /** Whether the failure that was asked for is still to come. */
    public boolean isFailureRequested(String operator, int subtask) {
        return Files.exists(failure(operator, subtask));
    }

    /** Names of the failures that were asked for and never happened. */
    public List<String> failuresToCome() throws IOException {
        return names(FAIL);
    }

    /** Whether this subtask shall fail; withdraws the request, so that its successor lives. */
    boolean takeFailure(String operator, int subtask) throws IOException {
        Path request = failure(operator, subtask);
        return Files.exists(request) && Files.deleteIfExists(request);
    }

    /** Makes the sources send nothing, or go on. */
    public void pause(boolean paused) throws IOException {
        if (paused) {
            Files.writeString(path.resolve(PAUSE), "");
        } else {
            Files.deleteIfExists(path.resolve(PAUSE));
        }
    }

    boolean isPaused() {
        return Files.exists(path.resolve(PAUSE));
    }

    void reportDamage(String where, String what) throws IOException {
        Files.writeString(path.resolve(DAMAGED + where), what);
    }

    /** Records that arrived damaged, where and how; the first of each place. */
    public List<String> damages() throws IOException {
        List<String> damages = new ArrayList<>();
        for (String report : names(DAMAGED)) {
            damages.add(report + ": " + Files.readString(path.resolve(report)));
        }
        return damages;
    }

    private List<String> names(String prefix) throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(prefix))
                    .sorted()
                    .toList();
        }
    }

    private Path failure(String operator, int subtask) {
        return path.resolve(FAIL + operator + "-" + subtask);
    }
}
