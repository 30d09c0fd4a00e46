package io.holdfast.demo.flights;

import io.holdfast.testing.job.PacedSource;
import io.holdfast.testing.job.PacedSplit;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;

/** Replays the flight table without end, at a given rate, in as many lanes as the source has subtasks. */
final class FlightsSource extends PacedSource<Flight> {

    private static final long serialVersionUID = 1L;

    private final String runDirectory;
    private final int flightsPerSecond;

    FlightsSource(RunDirectory run, int lanes, int flightsPerSecond) {
        super(lanes);
        this.runDirectory = run.path().toString();
        this.flightsPerSecond = flightsPerSecond;
    }

    /** Flights do not wait for their reader. */
    @Override
    protected long startMillis() {
        return System.currentTimeMillis();
    }

    @Override
    public SourceReader<Flight, PacedSplit> createReader(SourceReaderContext context) throws IOException {
        RunDirectory run = new RunDirectory(Path.of(runDirectory));
        return new FlightsReader(run, FlightTable.open(run.table()), lanes(), (double) flightsPerSecond / lanes());
    }
}
