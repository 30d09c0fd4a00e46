package io.holdfast.demo.flights;

/**
 * What the job says about an airport, either after one flight or for a window of event time.
 *
 * @param split of the flight, or {@link #WINDOW} for the result of a window
 * @param sequence of the flight, or the end of the window
 * @param lane index of the keyed subtask that made it
 * @param meanDelayMinutes over {@code flights}
 * @param verdict what a person would call it; empty until {@link Enrich} fills it in
 */
public record AirportLine(
        int split, long sequence, int lane, String airport, long flights, double meanDelayMinutes, String verdict) {

    static final int WINDOW = -1;

    AirportLine judged(String newVerdict) {
        return new AirportLine(split, sequence, lane, airport, flights, meanDelayMinutes, newVerdict);
    }
}
