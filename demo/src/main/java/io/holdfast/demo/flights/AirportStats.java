package io.holdfast.demo.flights;

import io.holdfast.testing.job.FaultPoint;
import java.nio.file.Path;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** Counts flights and averages their delay per airport of origin; one line out per flight in. */
final class AirportStats extends KeyedProcessFunction<String, Flight, AirportLine> {

    private static final long serialVersionUID = 1L;

    private final String runDirectory;
    private transient FaultPoint fault;
    private transient int lane;
    private transient ValueState<Totals> totals;

    AirportStats(RunDirectory run) {
        this.runDirectory = run.path().toString();
    }

    /** What is kept per airport. */
    public record Totals(long flights, long delayMinutes) {}

    @Override
    public void open(OpenContext context) {
        lane = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
        fault = new FaultPoint(new RunDirectory(Path.of(runDirectory)).failures(), FlightsJob.KEYED, lane);
        totals = getRuntimeContext().getState(new ValueStateDescriptor<>("totals", Totals.class));
    }

    @Override
    public void processElement(Flight flight, Context context, Collector<AirportLine> out) throws Exception {
        fault.pass();
        Totals before = totals.value();
        Totals now = before == null
                ? new Totals(1, flight.delayMinutes())
                : new Totals(before.flights + 1, before.delayMinutes + flight.delayMinutes());
        totals.update(now);
        out.collect(new AirportLine(
                flight.split(),
                flight.sequence(),
                lane,
                flight.origin(),
                now.flights,
                (double) now.delayMinutes / now.flights,
                ""));
    }
}
