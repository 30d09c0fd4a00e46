package io.holdfast.benchmarks.autopartition;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * What receivers served while a window was measured, and how long after it was due. Latencies are in microseconds, to
 * three digits.
 */
public final class WindowResult {

    private static final long LONGEST_MICROS = TimeUnit.HOURS.toMicros(1);
    private static final int DIGITS = 3;

    private final Histogram latencies;
    private long lastDueNanos;

    public WindowResult() {
        this(new Histogram(LONGEST_MICROS, DIGITS), Long.MIN_VALUE);
    }

    private WindowResult(Histogram latencies, long lastDueNanos) {
        this.latencies = latencies;
        this.lastDueNanos = lastDueNanos;
    }

    /** A record of the window, which was due then, has come, whether it is measured or not. */
    void got(long dueNanos) {
        lastDueNanos = Math.max(lastDueNanos, dueNanos);
    }

    /** A record was served so long after it was due. */
    public void served(long latencyNanos) {
        long micros = TimeUnit.NANOSECONDS.toMicros(latencyNanos);
        latencies.recordValue(Math.max(0, Math.min(LONGEST_MICROS, micros)));
    }

    public void add(WindowResult other) {
        latencies.add(other.latencies);
        got(other.lastDueNanos);
    }

    /** When the last record that came was due; {@link Long#MIN_VALUE} if none came. */
    public long lastDueNanos() {
        return lastDueNanos;
    }

    public long records() {
        return latencies.getTotalCount();
    }

    /** The latency that {@code percent} of the records did not exceed, in milliseconds; NaN without records. */
    public double percentileMillis(double percent) {
        return records() == 0 ? Double.NaN : latencies.getValueAtPercentile(percent) / 1e3;
    }

    /** The share of records, from 0 to 1, whose latency was longer, about; NaN without records. */
    public double shareAbove(double millis) {
        long upTo = latencies.getCountBetweenValues(0, Math.round(millis * 1e3));
        return records() == 0 ? Double.NaN : (double) (records() - upTo) / records();
    }

    /** Under its name the file is either absent or complete. */
    void write(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + latencies.getNeededByteBufferCapacity());
        bytes.putLong(lastDueNanos);
        latencies.encodeIntoByteBuffer(bytes);
        Path partial = file.resolveSibling(file.getFileName() + ".part");
        Files.write(partial, Arrays.copyOf(bytes.array(), bytes.position()));
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    }

    public static WindowResult read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        long lastDueNanos = bytes.getLong();
        return new WindowResult(Histogram.decodeFromByteBuffer(bytes, LONGEST_MICROS), lastDueNanos);
    }
}
