package io.holdfast.benchmarks.job;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.core.io.InputStatus;

/**
 * Emits the numbers of its split when they are due, and ends with it.
 *
 * <p>Threads: Flink calls everything from the task's mailbox thread; the timer only completes the availability future
 * and looks whether the source is paused.
 */
final class NumbersReader implements SourceReader<Numbered, NumbersSplit> {

    private static final long TICK_MILLIS = 5;

    private final FaultPoint faults;
    private final int attempt;
    private final double recordsPerMilli; // 0: no limit
    private final long until;
    private final int payloadBytes;
    private final int keys;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "numbers-due");
        thread.setDaemon(true);
        return thread;
    });
    private volatile CompletableFuture<Void> available = new CompletableFuture<>();
    private volatile boolean paused;
    private NumbersSplit split; // null until assigned
    private long next;
    private long due;

    NumbersReader(FaultPoint faults, int attempt, double recordsPerMilli, long until, int payloadBytes, int keys) {
        this.faults = faults;
        this.attempt = attempt;
        this.recordsPerMilli = recordsPerMilli;
        this.until = until;
        this.payloadBytes = payloadBytes;
        this.keys = keys;
    }

    @Override
    public void start() {
        timer.scheduleAtFixedRate(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void addSplits(List<NumbersSplit> added) {
        NumbersSplit given = added.get(0); // one split per reader
        split = given.startMillis() == NumbersSplit.NOT_BEGUN
                ? new NumbersSplit(given.split(), given.next(), System.currentTimeMillis())
                : given;
        next = split.next();
    }

    @Override
    public void notifyNoMoreSplits() {}

    @Override
    public InputStatus pollNext(ReaderOutput<Numbered> output) throws IOException {
        faults.pass();
        if (split == null || paused) {
            return nothing();
        }
        if (next >= until) {
            return InputStatus.END_OF_INPUT;
        }
        if (next >= due) {
            due = due(System.currentTimeMillis());
            if (next >= due) {
                return nothing();
            }
        }
        output.collect(new Numbered(
                split.split(),
                next,
                Numbered.keyOf(split.split(), next, keys),
                attempt,
                System.currentTimeMillis(),
                Payload.of(payloadBytes, split.split(), next)));
        next++;
        return InputStatus.MORE_AVAILABLE;
    }

    @Override
    public List<NumbersSplit> snapshotState(long checkpointId) {
        return split == null ? List.of() : List.of(new NumbersSplit(split.split(), next, split.startMillis()));
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return available;
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    private long due(long nowMillis) {
        return recordsPerMilli == 0 ? until : (long) ((nowMillis - split.startMillis()) * recordsPerMilli);
    }

    private void tick() {
        paused = faults.isPaused();
        available.complete(null);
    }

    private InputStatus nothing() {
        if (available.isDone()) {
            available = new CompletableFuture<>();
        }
        return InputStatus.NOTHING_AVAILABLE;
    }
}
