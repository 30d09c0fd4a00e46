package io.holdfast.demo.flights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The output of one attempt of a sink subtask: a mapped file with 24 bytes per line that came in.
 *
 * <p>A line that {@link #append} returned from survives SIGKILL, for the page belongs to the kernel. The time is written
 * last and is never 0, so a line cut short does not count.
 *
 * <p>Per line: sequence (long), split and lane (short each), airport (hash, int), time (long).
 */
public final class ArrivalFile implements AutoCloseable {

    private static final int LINE_BYTES = 24;
    private static final int CHUNK_BYTES = LINE_BYTES << 16;
    private static final Pattern NAME = Pattern.compile("sink-(\\d+)-(\\d+)\\.arrivals");

    private final FileChannel channel;
    private MappedByteBuffer chunk;
    private long nextChunk;

    private ArrivalFile(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * A line as it was written.
     *
     * @param split of the flight; negative for the result of a window
     * @param lane index of the keyed subtask it came through
     * @param atMillis wall clock, epoch milliseconds
     */
    public record Line(
            int sinkSubtask, int sinkAttempt, int split, long sequence, int lane, int airport, long atMillis) {}

    static ArrivalFile create(Path directory, int subtask, int attempt) throws IOException {
        Files.createDirectories(directory);
        Path path = directory.resolve("sink-%d-%d.arrivals".formatted(subtask, attempt));
        return new ArrivalFile(FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /** One thread at a time. */
    void append(int split, long sequence, int lane, int airport, long atMillis) throws IOException {
        if (chunk == null || !chunk.hasRemaining()) {
            chunk = channel.map(FileChannel.MapMode.READ_WRITE, nextChunk, CHUNK_BYTES);
            nextChunk += CHUNK_BYTES;
        }
        chunk.putLong(sequence)
                .putShort((short) split)
                .putShort((short) lane)
                .putInt(airport)
                .putLong(atMillis);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** Feeds every line of every file in {@code directory}, each file in its order of arrival. */
    public static void readAll(Path directory, Consumer<Line> lines) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> list = Files.list(directory)) {
            files = list.sorted().toList();
        }
        for (Path file : files) {
            Matcher name = NAME.matcher(file.getFileName().toString());
            if (name.matches()) {
                read(file, Integer.parseInt(name.group(1)), Integer.parseInt(name.group(2)), lines);
            }
        }
    }

    /** Number of lines in {@code directory} by now. */
    public static long count(Path directory) {
        long[] count = new long[1];
        try {
            readAll(directory, line -> count[0]++);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return count[0];
    }

    private static void read(Path file, int subtask, int attempt, Consumer<Line> lines) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        while (bytes.remaining() >= LINE_BYTES) {
            long sequence = bytes.getLong();
            int split = bytes.getShort();
            int lane = bytes.getShort();
            int airport = bytes.getInt();
            long atMillis = bytes.getLong();
            if (atMillis == 0) {
                return;
            }
            lines.accept(new Line(subtask, attempt, split, sequence, lane, airport, atMillis));
        }
    }
}
