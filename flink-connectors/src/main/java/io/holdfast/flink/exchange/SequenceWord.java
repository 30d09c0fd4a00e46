package io.holdfast.flink.exchange;

/**
 * What goes with a buffer in the 32 bits that Flink's message has for its sequence number: the order, modulo {@value
 * #MODULUS}, and how many records the buffer holds, if the producer knows and the buffer begins and ends with a whole
 * record. Its consumer then need not look into it. Pure.
 *
 * <pre>
 *   bits 31-12 0 unknown, else 1 + number of records
 *   bits 11-0  sequence number, modulo 2^12
 * </pre>
 */
public final class SequenceWord {

    /** Number of records of a buffer whose consumer has to count itself. */
    public static final int UNKNOWN = -1;

    static final int MODULUS = 1 << 12;
    static final int MOST_RECORDS = (1 << 20) - 2;

    private SequenceWord() {}

    /** Any thread. Of the buffer {@code sequenceNumber}; a number of records that does not fit is as good as unknown. */
    public static int of(int sequenceNumber, int records) {
        int known = records <= MOST_RECORDS ? records : UNKNOWN;
        return known + 1 << 12 | sequenceNumber & MODULUS - 1;
    }

    /** Any thread. Number of records, or {@link #UNKNOWN}. */
    public static int records(int word) {
        return (word >>> 12) - 1;
    }

    /** Any thread. Whether {@code word} is that of the buffer {@code sequenceNumber}. */
    public static boolean is(int word, int sequenceNumber) {
        return (word - sequenceNumber & MODULUS - 1) == 0;
    }
}
