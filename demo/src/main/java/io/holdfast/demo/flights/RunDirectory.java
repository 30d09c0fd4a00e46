package io.holdfast.demo.flights;

import io.holdfast.testing.job.FaultRequests;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.OptionalLong;

/**
 * The directory through which the demo's program and its job talk. All files are small and written atomically.
 *
 * <p>{@code flights.table} the input; {@code fail-*} {@linkplain FaultRequests makes a subtask fail} once; {@code drain} ends
 * the stream; {@code emitted-<split>} says how many flights a drained split emitted; {@code arrivals/} is the output;
 * {@code checkpoints/} belongs to Flink.
 */
public record RunDirectory(Path path) {

    /** Writes the input from a compressed CSV file and returns its number of flights. */
    public int writeTable(InputStream compressedCsv) throws IOException {
        Files.createDirectories(path);
        return FlightTable.write(compressedCsv, table());
    }

    Path table() {
        return path.resolve("flights.table");
    }

    public Path arrivals() {
        return path.resolve("arrivals");
    }

    Path checkpoints() {
        return path.resolve("checkpoints");
    }

    public FaultRequests failures() {
        return new FaultRequests(path);
    }

    public void requestDrain() throws IOException {
        Files.createFile(drain());
    }

    /** Lets a drained stream go on where it stopped. */
    public void withdrawDrain() throws IOException {
        Files.deleteIfExists(drain());
    }

    boolean isDraining() {
        return Files.exists(drain());
    }

    void writeEmitted(int split, long count) throws IOException {
        Path file = emitted(split);
        Path unfinished = file.resolveSibling(file.getFileName() + ".part");
        Files.writeString(unfinished, Long.toString(count));
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** How many flights the split emitted in all; empty until it is drained. */
    public OptionalLong readEmitted(int split) throws IOException {
        Path file = emitted(split);
        return Files.exists(file) ? OptionalLong.of(Long.parseLong(Files.readString(file))) : OptionalLong.empty();
    }

    private Path drain() {
        return path.resolve("drain");
    }

    private Path emitted(int split) {
        return path.resolve("emitted-" + split);
    }
}
