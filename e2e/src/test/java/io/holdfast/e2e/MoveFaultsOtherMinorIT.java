package io.holdfast.e2e;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A part of it, with Flink's other minor: moves that nothing happens to, and everything, at one step or another. */
class MoveFaultsOtherMinorIT extends MoveFaults {

    MoveFaultsOtherMinorIT() {
        super(Installation.MINORS.get(1));
    }

    @Test
    void movesAreMade() {
        for (int i = 0; i < 3; i++) {
            strike(Step.COMPLETED, Act.CANCEL);
        }
    }

    @ParameterizedTest(name = "{1} when {0}")
    @CsvSource({
        "CHECKPOINTING, CANCEL",
        "VERIFYING, KILL_SOURCE",
        "VERIFYING, KILL_TARGET",
        "SWITCHING, KILL_TARGET",
        "RESTORING, KILL_SOURCE",
        "SWITCHING, KILL_JOB_MANAGER",
        "COMPLETED, KILL_TARGET"
    })
    void everyRecordIsAccountedFor(Step step, Act act) {
        strike(step, act);
    }
}
