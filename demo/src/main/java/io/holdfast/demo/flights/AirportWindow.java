package io.holdfast.demo.flights;

import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** The mean delay per airport and window of event time. */
final class AirportWindow extends ProcessWindowFunction<AirportStats.Totals, AirportLine, String, TimeWindow> {

    private static final long serialVersionUID = 1L;

    @Override
    public void process(
            String airport, Context context, Iterable<AirportStats.Totals> elements, Collector<AirportLine> out) {
        AirportStats.Totals totals = elements.iterator().next();
        out.collect(new AirportLine(
                AirportLine.WINDOW,
                context.window().getEnd(),
                getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(),
                airport,
                totals.flights(),
                (double) totals.delayMinutes() / totals.flights(),
                ""));
    }

    /** Adds up one window. */
    static final class Sum implements AggregateFunction<Flight, AirportStats.Totals, AirportStats.Totals> {

        private static final long serialVersionUID = 1L;

        @Override
        public AirportStats.Totals createAccumulator() {
            return new AirportStats.Totals(0, 0);
        }

        @Override
        public AirportStats.Totals add(Flight flight, AirportStats.Totals totals) {
            return new AirportStats.Totals(totals.flights() + 1, totals.delayMinutes() + flight.delayMinutes());
        }

        @Override
        public AirportStats.Totals getResult(AirportStats.Totals totals) {
            return totals;
        }

        @Override
        public AirportStats.Totals merge(AirportStats.Totals one, AirportStats.Totals other) {
            return new AirportStats.Totals(one.flights() + other.flights(), one.delayMinutes() + other.delayMinutes());
        }
    }
}
