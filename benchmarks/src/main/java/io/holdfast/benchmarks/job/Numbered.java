package io.holdfast.benchmarks.job;

/**
 * A record on its way from a source to the keyed map.
 *
 * @param split with {@code sequence} its identity
 * @param sourceAttempt number of the reader's attempt: a record that is read again differs in nothing else
 * @param emittedMillis wall clock, epoch milliseconds
 * @param payload ballast, by which a record may outgrow a network buffer; its content follows from the identity
 */
public record Numbered(int split, long sequence, int key, int sourceAttempt, long emittedMillis, byte[] payload) {

    /** The key of a record: all keys in turn, each split from another one on. */
    public static int keyOf(int split, long sequence, int keys) {
        return (int) ((sequence + split * 7L) % keys);
    }
}
