package io.holdfast.benchmarks.job;

import io.holdfast.testing.job.FaultRequests;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The directory through which a program and its job talk.
 *
 * <p>{@code fail-*} {@linkplain FaultRequests makes a subtask fail} once; {@code pause} keeps the sources silent; {@code
 * damaged-*} says that a record arrived that nobody sent; {@code arrivals/} is the output, {@code pending/} what is not
 * committed yet; {@code checkpoints/} is Flink's.
 */
public record RunDirectory(Path path) {

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

    public FaultRequests failures() {
        return new FaultRequests(path);
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
        try (DirectoryStream<Path> reports = Files.newDirectoryStream(path, DAMAGED + "*")) {
            for (Path report : reports) {
                damages.add(report.getFileName() + ": " + Files.readString(report));
            }
        }
        Collections.sort(damages);
        return damages;
    }
}
