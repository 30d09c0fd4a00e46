package io.holdfast.base;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How durations are written in settings: whole numbers, each with its unit, the largest first: {@code 30s}, {@code 5m},
 * {@code 1h30m}, {@code 500ms}. Units are {@code d h m s ms}. A number without a unit is none.
 */
public final class DurationGrammar {
    private static final Pattern DURATION =
            Pattern.compile("(?:(\\d+)d)?(?:(\\d+)h)?(?:(\\d+)m(?!s))?(?:(\\d+)s)?(?:(\\d+)ms)?");
    private static final String[] UNITS = {"d", "h", "m", "s", "ms"};
    private static final long[] MILLIS = {86_400_000, 3_600_000, 60_000, 1_000, 1};

    private DurationGrammar() {}

    /**
     * Reads a duration.
     *
     * @throws IllegalArgumentException if {@code text} is none; the message says how one is written
     */
    public static Duration parse(String text) {
        String stripped = text.strip();
        if (stripped.matches("[0-9]+")) {
            throw new IllegalArgumentException(
                    "'%s' has no unit; write %ss, %sms or the like".formatted(text, stripped, stripped));
        }
        Matcher matcher = DURATION.matcher(stripped);
        if (stripped.isEmpty() || !matcher.matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a duration; write one like 30s, 5m, 1h30m or 500ms");
        }
        try {
            long millis = 0;
            for (int unit = 0; unit < UNITS.length; unit++) {
                String count = matcher.group(unit + 1);
                if (count != null) {
                    millis = Math.addExact(millis, Math.multiplyExact(Long.parseLong(count), MILLIS[unit]));
                }
            }
            return Duration.ofMillis(millis);
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is longer than a duration can be", e);
        }
    }

    /**
     * Writes a duration so that {@link #parse} reads it as the same one. What is less than a millisecond is left out.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public static String format(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("duration must not be negative: " + duration);
        }
        long left = duration.toMillis();
        StringBuilder text = new StringBuilder();
        for (int unit = 0; unit < UNITS.length; unit++) {
            long count = left / MILLIS[unit];
            if (count > 0) {
                text.append(count).append(UNITS[unit]);
                left -= count * MILLIS[unit];
            }
        }
        return text.isEmpty() ? "0s" : text.toString();
    }
}
