package io.holdfast.benchmarks.job;

/** The ballast of a record: bytes that follow from the record's identity, so that a mixed-up one shows. */
final class Payload {

    private static final byte[] NONE = {};

    private Payload() {}

    static byte[] of(int size, int split, long sequence) {
        if (size == 0) {
            return NONE;
        }
        byte[] payload = new byte[size];
        byte first = first(split, sequence);
        for (int i = 0; i < size; i++) {
            payload[i] = (byte) (first + i);
        }
        return payload;
    }

    static boolean isIntact(byte[] payload, int split, long sequence) {
        byte first = first(split, sequence);
        for (int i = 0; i < payload.length; i++) {
            if (payload[i] != (byte) (first + i)) {
                return false;
            }
        }
        return true;
    }

    private static byte first(int split, long sequence) {
        return (byte) (sequence * 31 + split);
    }
}
