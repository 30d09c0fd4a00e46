package io.holdfast.benchmarks.job;

/**
 * A record on its way from the keyed map to the sink.
 *
 * @param count how many records of its key the keyed state has seen, this one included
 */
public record Counted(
        int split,
        long sequence,
        int key,
        int sourceAttempt,
        int mapSubtask,
        int mapAttempt,
        long count,
        long emittedMillis,
        byte[] payload) {}
