package io.holdfast.flink.autopartition;

/**
 * What a receiver tells a producer, in the 31 bits that Flink's message about buffer sizes carries: how much of the
 * stream it has consumed since it attached, modulo {@value #MODULUS}, and how fast it serves. Buffer sizes are smaller
 * than the smallest word, so the two do not get mixed up. Pure.
 *
 * <pre>
 *   bit 30     1
 *   bits 29-10 consumed bytes since the attachment, modulo 2^20
 *   bits 9-0   service rate: 0 unknown, else 1 + 24 * log2(bytes per second), rounded
 * </pre>
 */
public final class ConsumptionWord {

    /** Bytes after which the count begins again. */
    static final long MODULUS = 1L << 20;

    /** At most so many bytes may lie between two words, so that none is lost in the modulus. */
    static final long LONGEST_STEP = MODULUS / 2;

    static final int RATE_BITS = 10;

    /** Rate code of a receiver that has not served anything yet. */
    static final int UNKNOWN = 0;

    private static final int FLAG = 1 << 30;
    private static final int RATE_MASK = (1 << RATE_BITS) - 1;
    private static final double STEPS_PER_OCTAVE = 24;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double LN_2 = Math.log(2);
    private static final double[] NANOS_PER_BYTE = new double[RATE_MASK + 1];

    static {
        for (int code = 1; code <= RATE_MASK; code++) {
            NANOS_PER_BYTE[code] = NANOS_PER_SECOND / Math.pow(2, (code - 1) / STEPS_PER_OCTAVE);
        }
    }

    private ConsumptionWord() {}

    /** Any thread. Whether what came as a buffer size is a word of this kind. */
    public static boolean is(int bufferSize) {
        return bufferSize >= FLAG;
    }

    /** Any thread. {@code consumedBytes} since the attachment, and the code of a rate. */
    static int of(long consumedBytes, int rateCode) {
        return FLAG | (int) (consumedBytes & (MODULUS - 1)) << RATE_BITS | rateCode;
    }

    /** Any thread. Bytes that were consumed since the receiver had told {@code before}, counted in full. */
    static long since(long before, int word) {
        long told = (word & ~FLAG) >>> RATE_BITS;
        return (told - before) & (MODULUS - 1);
    }

    static int rateCode(int word) {
        return word & RATE_MASK;
    }

    /** Any thread. The code of a receiver that takes {@code nanosPerByte} for a byte; within 1.5 %. */
    static int rateCodeOf(double nanosPerByte) {
        double octaves = Math.log(NANOS_PER_SECOND / nanosPerByte) / LN_2;
        return (int) Math.max(1, Math.min(RATE_MASK, 1 + Math.round(octaves * STEPS_PER_OCTAVE)));
    }

    /** Any thread. Nanoseconds per byte of a known rate. */
    static double nanosPerByte(int rateCode) {
        return NANOS_PER_BYTE[rateCode];
    }
}
