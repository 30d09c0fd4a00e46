package io.holdfast.benchmarks.autopartition;

import io.holdfast.testing.job.PacedSplit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.core.io.InputStatus;

/**
 * One of several producers that take turns in sending the records of a window. What is due is sent as soon as there is
 * room for it, and bears the time at which it was due. Task thread; it sleeps in {@link #pollNext} while nothing is.
 */
final class LoadReader implements SourceReader<Tuple3<Long, Long, byte[]>, PacedSplit> {

    private static final long SILENT_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long SHORTEST_SLEEP_NANOS = TimeUnit.MICROSECONDS.toNanos(500);
    private static final double NANOS_PER_SECOND = 1e9;

    private final WindowFile file;
    private final int producers;
    private final LongSupplier clock;
    private final Tuple3<Long, Long, byte[]> record;
    private final int producer;
    private Window window;
    private long sent;

    LoadReader(WindowFile file, int producer, int producers, int payloadBytes, LongSupplier nanoClock) {
        this.file = file;
        this.producer = producer;
        this.producers = producers;
        this.clock = nanoClock;
        record = Tuple3.of(0L, 0L, new byte[payloadBytes]);
    }

    @Override
    public InputStatus pollNext(ReaderOutput<Tuple3<Long, Long, byte[]>> output) {
        Window now = file.current(window);
        if (now == null) {
            LockSupport.parkNanos(SILENT_NANOS);
            return InputStatus.MORE_AVAILABLE;
        }
        if (now != window) {
            window = now;
            sent = 0;
        }
        long nanos = clock.getAsLong();
        boolean saturated = window.recordsPerSecond() == Window.SATURATED;
        long due = saturated ? Math.max(nanos, window.originNanos()) : dueNanos();
        if (due - nanos > 0) {
            LockSupport.parkNanos(Math.max(SHORTEST_SLEEP_NANOS, Math.min(due - nanos, SILENT_NANOS)));
            return InputStatus.MORE_AVAILABLE;
        }
        record.f0 = window.number();
        record.f1 = due;
        sent++;
        output.collect(record);
        return InputStatus.MORE_AVAILABLE;
    }

    private long dueNanos() {
        double number = (double) sent * producers + producer;
        return window.originNanos() + (long) (number * NANOS_PER_SECOND / window.recordsPerSecond());
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public List<PacedSplit> snapshotState(long checkpointId) {
        return List.of();
    }

    @Override
    public void start() {}

    @Override
    public void addSplits(List<PacedSplit> splits) {}

    @Override
    public void notifyNoMoreSplits() {}

    @Override
    public void close() {}
}
