package io.holdfast.demo.flights;

/**
 * One scheduled flight on the stream.
 *
 * @param split with {@code sequence} the identity of the record, by which losses and repetitions are counted
 * @param departureMillis scheduled departure, the event time; grows on from one pass over the table to the next
 */
public record Flight(
        int split,
        long sequence,
        long departureMillis,
        String origin,
        String destination,
        int distanceMiles,
        int delayMinutes) {}
