package io.holdfast.benchmarks;

import java.util.Collection;

/** Statistics of small samples. */
public final class Figures {

    private Figures() {}

    /** The median; of an even number of values the mean of the middle two; NaN of none. */
    public static double median(Collection<? extends Number> values) {
        if (values.isEmpty()) {
            return Double.NaN;
        }
        double[] sorted =
                values.stream().mapToDouble(Number::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** The largest value; NaN of none. */
    public static double max(Collection<? extends Number> values) {
        return values.stream().mapToDouble(Number::doubleValue).max().orElse(Double.NaN);
    }

    /** The smallest value that so many percent of all do not exceed; NaN of none. */
    public static double percentile(Collection<? extends Number> values, double percent) {
        double[] sorted =
                values.stream().mapToDouble(Number::doubleValue).sorted().toArray();
        return sorted.length == 0
                ? Double.NaN
                : sorted[Math.max(0, (int) Math.ceil(sorted.length * percent / 100) - 1)];
    }

    /** How many of so many; NaN of none. */
    public static double ratio(long some, long all) {
        return all == 0 ? Double.NaN : (double) some / all;
    }
}
