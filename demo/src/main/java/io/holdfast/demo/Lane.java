package io.holdfast.demo;

import io.holdfast.testing.RecordLedger.Arrival;
import java.util.Locale;

/** All flights that pass one subtask: the part of the output that suffers when that subtask is away. */
record Lane(Stage stage, int subtask) {

    /** The vertices of the job that every flight passes once. */
    enum Stage {
        FLIGHTS,
        AIRPORT_STATS,
        ENRICH
    }

    boolean holds(Arrival arrival) {
        int passed = switch (stage) {
            case FLIGHTS -> arrival.source();
            case AIRPORT_STATS -> arrival.key();
            case ENRICH -> arrival.sinkSubtask();
        };
        return passed == subtask;
    }

    @Override
    public String toString() {
        return stage.name().toLowerCase(Locale.ROOT).replace('_', '-') + " " + subtask;
    }
}
