package io.holdfast.base;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Finds the name that was meant by one that nobody knows, for a "did you mean". */
public final class Spelling {
    /** One slip is allowed for this many characters of the longer name: {@code ceilng} is corrected, {@code abc} is not. */
    private static final int CHARACTERS_PER_SLIP = 4;

    private static final int MOST_SLIPS = 4;

    private Spelling() {}

    /**
     * Returns the known name that differs from {@code word} by the fewest slips of the typing hand: a letter missing, too
     * many or wrong, or two neighbours swapped. Upper and lower case count as equal, as do dots, dashes and underscores.
     * Of two equally close names the first in alphabetical order is returned, so that messages do not vary.
     *
     * @return the closest name, as it is spelled in {@code known}; empty if none is close enough to be what was meant
     */
    public static Optional<String> closest(String word, Collection<String> known) {
        String typed = comparable(word);
        String closest = null;
        int fewest = Integer.MAX_VALUE;
        for (String name : known) {
            String candidate = comparable(name);
            int bound = Math.min(fewest, allowedSlips(typed, candidate));
            int slips = slips(typed, candidate, bound);
            if (slips > bound) {
                continue;
            }
            if (slips < fewest || name.compareTo(closest) < 0) {
                closest = name;
                fewest = slips;
            }
        }
        return Optional.ofNullable(closest);
    }

    private static String comparable(String name) {
        return name.toLowerCase(Locale.ROOT).replace('.', '-').replace('_', '-');
    }

    private static int allowedSlips(String one, String other) {
        return Math.min(MOST_SLIPS, Math.max(one.length(), other.length()) / CHARACTERS_PER_SLIP);
    }

    /**
     * Counts insertions, deletions, substitutions and swaps of neighbours between two names, giving up above {@code
     * bound}. This is the Damerau–Levenshtein distance in its restricted form ("optimal string alignment": no part is
     * edited twice): F. J. Damerau, A technique for computer detection and correction of spelling errors, Communications
     * of the ACM 7(3), 1964; by the table of R. A. Wagner and M. J. Fischer, The string-to-string correction problem,
     * Journal of the ACM 21(1), 1974, of which only the last three rows are kept.
     *
     * @return the number of slips, or any number above {@code bound}
     */
    static int slips(String one, String other, int bound) {
        if (Math.abs(one.length() - other.length()) > bound) {
            return bound + 1;
        }
        int[] beforeLast = new int[other.length() + 1];
        int[] last = new int[other.length() + 1];
        int[] row = new int[other.length() + 1];
        for (int column = 0; column <= other.length(); column++) {
            last[column] = column;
        }
        int fewestInLastRow = 0;
        for (int line = 1; line <= one.length(); line++) {
            row[0] = line;
            int fewestInRow = line;
            for (int column = 1; column <= other.length(); column++) {
                char mine = one.charAt(line - 1);
                char theirs = other.charAt(column - 1);
                int slips = Math.min(
                        last[column - 1] + (mine == theirs ? 0 : 1), Math.min(last[column], row[column - 1]) + 1);
                if (line > 1 && column > 1 && mine == other.charAt(column - 2) && theirs == one.charAt(line - 2)) {
                    slips = Math.min(slips, beforeLast[column - 2] + 1);
                }
                row[column] = slips;
                fewestInRow = Math.min(fewestInRow, slips);
            }
            if (fewestInRow > bound && fewestInLastRow > bound) { // a swap reaches back two rows
                return bound + 1;
            }
            fewestInLastRow = fewestInRow;
            int[] spare = beforeLast;
            beforeLast = last;
            last = row;
            row = spare;
        }
        return last[other.length()];
    }
}
