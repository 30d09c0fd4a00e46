package io.holdfast.demo;

import java.util.Locale;

/** Numbers as people read them. */
final class Figures {

    private Figures() {}

    /** {@code 84 ms}, {@code 1.78 s}, {@code 12.4 s}. */
    static String millis(long millis) {
        if (millis < 1_000) {
            return millis + " ms";
        }
        return String.format(Locale.ROOT, millis < 10_000 ? "%.2f s" : "%.1f s", millis / 1000.0);
    }

    /** {@code 9,685}. */
    static String count(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    /** {@code 1,204 (0.25 %)}; plain {@code 0} for none. */
    static String share(long part, long whole) {
        if (part == 0 || whole == 0) {
            return count(part);
        }
        double percent = 100.0 * part / whole;
        return count(part) + (percent < 0.01 ? " (< 0.01 %)" : String.format(Locale.ROOT, " (%.2f %%)", percent));
    }
}
