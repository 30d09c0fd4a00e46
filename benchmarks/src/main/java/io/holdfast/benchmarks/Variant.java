package io.holdfast.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A way to say which receiver gets a record, where any will do. */
enum Variant {
    REBALANCE("stock, rebalance", Engine.STOCK),
    /** Only Flink 2.3 and later have it. */
    ADAPTIVE_4("stock, adaptive, looks at 4", Engine.STOCK),
    ADAPTIVE_ALL("stock, adaptive, looks at all", Engine.STOCK),
    SHORTEST_EXPECTED_DELAY("Holdfast, shortest delay", Engine.HOLDFAST),
    POWER_OF_TWO_CHOICES("Holdfast, two choices", Engine.HOLDFAST);

    private static final String ADAPTIVE = "taskmanager.network.adaptive-partitioner.enabled";
    private static final String TRAVERSE = "taskmanager.network.adaptive-partitioner.max-traverse-size";
    private static final String AUTO_PARTITION = "holdfast.auto-partition.enabled";
    private static final String ALGORITHM = "holdfast.auto-partition.algorithm";

    private final String label;
    private final Engine engine;

    Variant(String label, Engine engine) {
        this.label = label;
        this.engine = engine;
    }

    /** Those that this minor version of Flink can have. */
    static List<Variant> of(String flinkMinor) {
        return Arrays.stream(values())
                .filter(variant -> !variant.isAdaptive() || !flinkMinor.equals("2.2"))
                .toList();
    }

    boolean isAdaptive() {
        return this == ADAPTIVE_4 || this == ADAPTIVE_ALL;
    }

    String label() {
        return label;
    }

    Engine engine() {
        return engine;
    }

    /** As in keys and in names of directories. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Options of a job whose records are sent this way to so many receivers; it needs no others. */
    Map<String, String> options(int receivers) {
        return switch (this) {
            case REBALANCE -> Map.of();
            case ADAPTIVE_4 -> Map.of(ADAPTIVE, "true", TRAVERSE, "4");
            case ADAPTIVE_ALL -> Map.of(ADAPTIVE, "true", TRAVERSE, Integer.toString(receivers));
            case SHORTEST_EXPECTED_DELAY -> Map.of(AUTO_PARTITION, "true", ALGORITHM, "shortest-expected-delay");
            case POWER_OF_TWO_CHOICES -> Map.of(AUTO_PARTITION, "true", ALGORITHM, "power-of-two-choices");
        };
    }
}
