package io.holdfast.e2e;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything, at every step. */
class MoveFaultsIT extends MoveFaults {

    MoveFaultsIT() {
        super(Installation.MINORS.get(0));
    }

    @ParameterizedTest(name = "{1} when {0}")
    @MethodSource("faults")
    void everyRecordIsAccountedFor(Step step, Act act) {
        strike(step, act);
    }

    static Stream<Arguments> faults() {
        return Arrays.stream(Step.values())
                .flatMap(step -> Arrays.stream(Act.values())
                        .filter(act -> act != Act.KILL_TARGET || step.hasTarget())
                        .map(act -> Arguments.of(step, act)));
    }
}
