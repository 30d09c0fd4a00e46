package io.holdfast.benchmarks.job;

import java.nio.ByteBuffer;

/**
 * A record at a sink.
 *
 * @param atMillis when it came, epoch milliseconds; never 0
 * @param count of its key in the map's state
 */
public record Arrival(
        long atMillis,
        int split,
        long sequence,
        int key,
        int sourceAttempt,
        int mapSubtask,
        int mapAttempt,
        long count,
        int sinkSubtask,
        int sinkAttempt) {

    static final int BYTES = 40;

    static void write(ByteBuffer to, Counted record, long nowMillis) {
        to.putLong(record.sequence())
                .putLong(record.count())
                .putInt(record.key())
                .putShort((short) record.split())
                .putShort((short) record.sourceAttempt())
                .putShort((short) record.mapSubtask())
                .putShort((short) record.mapAttempt())
                .putInt(0)
                .putLong(nowMillis); // last: a line without it was cut short
    }

    static Arrival read(ByteBuffer from, int sinkSubtask, int sinkAttempt) {
        long sequence = from.getLong();
        long count = from.getLong();
        int key = from.getInt();
        int split = from.getShort();
        int sourceAttempt = from.getShort();
        int mapSubtask = from.getShort();
        int mapAttempt = from.getShort();
        from.getInt();
        long atMillis = from.getLong();
        return new Arrival(
                atMillis, split, sequence, key, sourceAttempt, mapSubtask, mapAttempt, count, sinkSubtask, sinkAttempt);
    }
}
