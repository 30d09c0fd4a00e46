package io.holdfast.base;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes, written as in pod specifications: {@code 64Mi}, {@code 1G}, {@code 1.5Gi}. {@code Ki Mi Gi Ti Pi Ei}
 * are powers of 1024, {@code k M G T P E} powers of 1000. A number alone is one of bytes: so the downward API writes the
 * limits of a container.
 *
 * @param bytes never negative
 */
public record ByteSize(long bytes) implements Comparable<ByteSize> {
    private static final Pattern SIZE = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)([A-Za-z]*)");
    private static final String BINARY = "KMGTPE";
    private static final String DECIMAL = "kMGTPE";

    /** @throws IllegalArgumentException if {@code bytes} is negative */
    public ByteSize {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes must not be negative: " + bytes);
        }
    }

    /**
     * Reads a size. A fraction of a byte is rounded up, as Kubernetes does.
     *
     * @throws IllegalArgumentException if {@code text} is no size; the message says how one is written
     */
    public static ByteSize parse(String text) {
        Matcher matcher = SIZE.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a size; write one like 64Mi, 1G or 1.5Gi");
        }
        BigDecimal bytes = new BigDecimal(matcher.group(1))
                .multiply(BigDecimal.valueOf(unit(text, matcher.group(2))))
                .setScale(0, RoundingMode.CEILING);
        if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw new IllegalArgumentException("'" + text + "' is more than " + Long.MAX_VALUE + " bytes");
        }
        return new ByteSize(bytes.longValue());
    }

    private static long unit(String text, String suffix) {
        if (suffix.isEmpty()) {
            return 1;
        }
        boolean binary = suffix.length() == 2 && suffix.endsWith("i");
        int power = (binary ? BINARY : DECIMAL).indexOf(suffix.charAt(0));
        if (power < 0 || !binary && suffix.length() > 1) {
            throw new IllegalArgumentException(
                    "'" + text + "' has no unit of size; units are Ki Mi Gi Ti Pi Ei and k M G T P E, as in 64Mi");
        }
        long unit = 1;
        for (int step = 0; step <= power; step++) {
            unit *= binary ? 1024 : 1000;
        }
        return unit;
    }

    @Override
    public int compareTo(ByteSize other) {
        return Long.compare(bytes, other.bytes);
    }

    /** The shortest text without a fraction that {@link #parse} reads as this size, in units of 1024. */
    @Override
    public String toString() {
        long left = bytes;
        int power = 0;
        while (left != 0 && left % 1024 == 0 && power < BINARY.length()) {
            left /= 1024;
            power++;
        }
        return power == 0 ? Long.toString(left) : left + BINARY.substring(power - 1, power) + "i";
    }
}
