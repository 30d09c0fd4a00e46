package io.holdfast.demo.flights;

import io.holdfast.testing.job.PacedReader;
import java.io.IOException;
import org.apache.flink.api.connector.source.ReaderOutput;

/** Emits flights; while the run directory asks for a drain, says how far it came and is silent. */
final class FlightsReader extends PacedReader<Flight> {

    private final RunDirectory run;
    private final FlightTable table;
    private final int lanes;

    FlightsReader(RunDirectory run, FlightTable table, int lanes, double flightsPerSecond) {
        super(flightsPerSecond, ENDLESS, System::currentTimeMillis);
        this.run = run;
        this.table = table;
        this.lanes = lanes;
    }

    @Override
    protected void emit(ReaderOutput<Flight> output, int lane, long sequence) {
        Flight flight = table.flight(lane, lanes, sequence);
        output.collect(flight, flight.departureMillis());
    }

    @Override
    protected boolean isSilenceWanted() {
        return run.isDraining();
    }

    @Override
    protected void fellSilent(int lane, long next) throws IOException {
        run.writeEmitted(lane, next);
    }
}
