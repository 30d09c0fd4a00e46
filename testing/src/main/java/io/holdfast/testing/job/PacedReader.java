package io.holdfast.testing.job;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.core.io.InputStatus;

/**
 * Emits the records of its lane when they are due, is silent while it is asked to be, and ends with its lane.
 *
 * <p>Threads: Flink calls everything from the task's mailbox thread; the timer only completes the availability future
 * and looks whether silence is asked for. Both fields it touches are volatile.
 */
public abstract class PacedReader<T> implements SourceReader<T, PacedSplit> {

    /** A rate: as many records as go through. */
    public static final double UNLIMITED = 0;

    /** The end of a lane that has none. */
    public static final long ENDLESS = Long.MAX_VALUE;

    private static final long TICK_MILLIS = 5;

    private final double recordsPerMilli;
    private final long end;
    private final LongSupplier clockMillis;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "paced-reader");
        thread.setDaemon(true);
        return thread;
    });
    private volatile CompletableFuture<Void> available = new CompletableFuture<>();
    private volatile boolean silent;
    private boolean fellSilent;
    private PacedSplit split; // null until assigned
    private long next;
    private long due;

    /**
     * @param recordsPerSecond of this lane, or {@link #UNLIMITED}
     * @param end number of records in the lane, or {@link #ENDLESS}
     * @param clockMillis the wall clock
     */
    protected PacedReader(double recordsPerSecond, long end, LongSupplier clockMillis) {
        this.recordsPerMilli = recordsPerSecond / 1000;
        this.end = end;
        this.clockMillis = clockMillis;
    }

    /** Sends record {@code sequence}, which is due. Mailbox thread. */
    protected abstract void emit(ReaderOutput<T> output, int lane, long sequence);

    /** Whether nothing shall be sent for now. Timer thread, at every tick. */
    protected abstract boolean isSilenceWanted();

    /** Nothing is sent until the silence ends; {@code next} would be next. Mailbox thread, once a silence. */
    protected void fellSilent(int lane, long next) throws IOException {}

    @Override
    public final void start() {
        timer.scheduleAtFixedRate(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public final void addSplits(List<PacedSplit> added) {
        PacedSplit given = added.get(0); // one split per reader
        split = given.startMillis() == PacedSplit.NOT_BEGUN
                ? new PacedSplit(given.lane(), given.next(), clockMillis.getAsLong())
                : given;
        next = split.next();
    }

    @Override
    public final void notifyNoMoreSplits() {}

    @Override
    public InputStatus pollNext(ReaderOutput<T> output) throws IOException {
        if (split == null) {
            return nothing();
        }
        if (silent) {
            if (!fellSilent) {
                fellSilent(split.lane(), next);
                fellSilent = true;
            }
            return nothing();
        }
        fellSilent = false;
        if (next >= end) {
            return InputStatus.END_OF_INPUT;
        }
        if (next >= due) {
            due = due(clockMillis.getAsLong());
            if (next >= due) {
                return nothing();
            }
        }
        emit(output, split.lane(), next++);
        return InputStatus.MORE_AVAILABLE;
    }

    @Override
    public final List<PacedSplit> snapshotState(long checkpointId) {
        return split == null ? List.of() : List.of(new PacedSplit(split.lane(), next, split.startMillis()));
    }

    @Override
    public final CompletableFuture<Void> isAvailable() {
        return available;
    }

    @Override
    public final void close() {
        timer.shutdownNow();
    }

    /** Number of the first record that is not due yet. */
    private long due(long nowMillis) {
        return recordsPerMilli == UNLIMITED ? end : (long) ((nowMillis - split.startMillis()) * recordsPerMilli);
    }

    private void tick() {
        silent = isSilenceWanted();
        available.complete(null);
    }

    private InputStatus nothing() {
        if (available.isDone()) {
            available = new CompletableFuture<>();
        }
        return InputStatus.NOTHING_AVAILABLE;
    }
}
