package io.holdfast.benchmarks;

import java.io.IOException;
import java.util.Map;

/** Figures that a benchmark asks for besides those of its clusters. */
interface Measurement {

    /** Measures now, and returns figures by the key under which they appear in the result. */
    Map<String, Double> measure(Installation installation) throws IOException;
}
