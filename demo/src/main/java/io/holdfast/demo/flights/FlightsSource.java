package io.holdfast.demo.flights;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Replays the flight table without end, at a given rate, in as many splits as the source has subtasks. */
final class FlightsSource implements Source<Flight, FlightSplit, List<FlightSplit>> {

    private static final long serialVersionUID = 1L;

    private final String runDirectory;
    private final int splits;
    private final int flightsPerSecond;

    FlightsSource(RunDirectory run, int splits, int flightsPerSecond) {
        this.runDirectory = run.path().toString();
        this.splits = splits;
        this.flightsPerSecond = flightsPerSecond;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SplitEnumerator<FlightSplit, List<FlightSplit>> createEnumerator(
            SplitEnumeratorContext<FlightSplit> context) {
        long nowMillis = System.currentTimeMillis();
        return new FlightsEnumerator(
                context,
                IntStream.range(0, splits)
                        .mapToObj(split -> new FlightSplit(split, 0, nowMillis))
                        .toList());
    }

    @Override
    public SplitEnumerator<FlightSplit, List<FlightSplit>> restoreEnumerator(
            SplitEnumeratorContext<FlightSplit> context, List<FlightSplit> unassigned) {
        return new FlightsEnumerator(context, unassigned);
    }

    @Override
    public SourceReader<Flight, FlightSplit> createReader(SourceReaderContext context) throws Exception {
        RunDirectory run = new RunDirectory(Path.of(runDirectory));
        return new FlightsReader(run, FlightTable.open(run.table()), splits, (double) flightsPerSecond / splits);
    }

    @Override
    public SimpleVersionedSerializer<FlightSplit> getSplitSerializer() {
        return new FlightSplit.Serializer();
    }

    @Override
    public SimpleVersionedSerializer<List<FlightSplit>> getEnumeratorCheckpointSerializer() {
        return new FlightsEnumerator.Serializer();
    }
}
