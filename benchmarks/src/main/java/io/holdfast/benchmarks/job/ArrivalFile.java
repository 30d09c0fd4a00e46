package io.holdfast.benchmarks.job;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The output of one attempt of a sink subtask: a mapped file with 40 bytes per record, after as many that say which
 * state the attempt began with.
 *
 * <p>A record that {@link #append} returned from survives SIGKILL, for the page belongs to the kernel.
 */
public final class ArrivalFile implements AutoCloseable {

    private static final int CHUNK_BYTES = Arrival.BYTES << 14;

    private final FileChannel channel;
    private MappedByteBuffer chunk;
    private long nextChunk;
    private long count;

    private ArrivalFile(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * How far a sink subtask had come at a checkpoint: {@code count} records of attempt {@code attempt}. Attempt -1 is
     * the state of a job that never had a checkpoint.
     */
    public record Position(int attempt, long count) {

        static final Position START = new Position(-1, 0);
    }

    /** What an attempt wrote, and which state it began with. */
    public record Content(Position restored, List<Arrival> arrivals) {}

    static ArrivalFile create(Path path, Position restored) throws IOException {
        ArrivalFile file = new ArrivalFile(FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE));
        file.room().putInt(restored.attempt).putLong(restored.count).position(Arrival.BYTES);
        return file;
    }

    /** One thread at a time. */
    void append(Counted record, long nowMillis) throws IOException {
        Arrival.write(room(), record, nowMillis);
        count++;
    }

    long count() {
        return count;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private MappedByteBuffer room() throws IOException {
        if (chunk == null || !chunk.hasRemaining()) {
            chunk = channel.map(FileChannel.MapMode.READ_WRITE, nextChunk, CHUNK_BYTES);
            nextChunk += CHUNK_BYTES;
        }
        return chunk;
    }

    static Content read(Path file, int sinkSubtask, int sinkAttempt) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        if (bytes.remaining() < Arrival.BYTES) {
            return new Content(Position.START, List.of());
        }
        Position restored = new Position(bytes.getInt(), bytes.getLong());
        bytes.position(Arrival.BYTES);
        List<Arrival> arrivals = new ArrayList<>();
        while (bytes.remaining() >= Arrival.BYTES) {
            Arrival arrival = Arrival.read(bytes, sinkSubtask, sinkAttempt);
            if (arrival.atMillis() == 0) {
                break;
            }
            arrivals.add(arrival);
        }
        return new Content(restored, arrivals);
    }
}
