package io.holdfast.demo.flights;

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
 * Emits the flights of its split when they are due; while the run directory asks for a drain, says how far it came and is
 * silent.
 *
 * <p>Threads: Flink calls everything from the task's mailbox thread; the timer only completes the availability future
 * and looks for the drain file. Both fields it touches are volatile.
 */
final class FlightsReader implements SourceReader<Flight, FlightSplit> {

    private static final long TICK_MILLIS = 5;

    private final RunDirectory run;
    private final FlightTable table;
    private final int splits;
    private final double flightsPerMilli;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "flights-due");
        thread.setDaemon(true);
        return thread;
    });
    private volatile CompletableFuture<Void> available = new CompletableFuture<>();
    private volatile boolean draining;
    private boolean drained;
    private FlightSplit split; // null until assigned
    private long next;
    private long due;

    FlightsReader(RunDirectory run, FlightTable table, int splits, double flightsPerSecond) {
        this.run = run;
        this.table = table;
        this.splits = splits;
        this.flightsPerMilli = flightsPerSecond / 1000;
    }

    @Override
    public void start() {
        timer.scheduleAtFixedRate(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void addSplits(List<FlightSplit> added) {
        split = added.get(0); // one split per reader
        next = split.next();
    }

    @Override
    public void notifyNoMoreSplits() {}

    @Override
    public InputStatus pollNext(ReaderOutput<Flight> output) throws IOException {
        if (split == null) {
            return nothing();
        }
        if (draining) {
            if (!drained) {
                run.writeEmitted(split.split(), next);
                drained = true;
            }
            return nothing();
        }
        drained = false;
        if (next >= due) {
            due = (long) ((System.currentTimeMillis() - split.startMillis()) * flightsPerMilli);
            if (next >= due) {
                return nothing();
            }
        }
        Flight flight = table.flight(split.split(), splits, next++);
        output.collect(flight, flight.departureMillis());
        return InputStatus.MORE_AVAILABLE;
    }

    @Override
    public List<FlightSplit> snapshotState(long checkpointId) {
        return split == null ? List.of() : List.of(new FlightSplit(split.split(), next, split.startMillis()));
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return available;
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    private InputStatus nothing() {
        if (available.isDone()) {
            available = new CompletableFuture<>();
        }
        return InputStatus.NOTHING_AVAILABLE;
    }

    private void tick() {
        draining = run.isDraining();
        available.complete(null);
    }
}
