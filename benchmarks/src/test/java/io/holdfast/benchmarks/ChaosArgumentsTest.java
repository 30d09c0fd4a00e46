package io.holdfast.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.benchmarks.Fault.Kind;
import io.holdfast.benchmarks.job.JobSettings.SinkKind;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChaosArgumentsTest {

    @Test
    void withoutArgumentsEverythingIsDrawn() {
        ChaosArguments arguments = ChaosArguments.parse(List.of(), 77);

        assertThat(arguments.seed()).isEqualTo(77);
        assertThat(arguments.wishes().kinds()).containsExactly(Kind.values());
        assertThat(arguments.flinkMinor()).isEqualTo("2.2");
        assertThat(arguments.engine()).isEqualTo(Engine.HOLDFAST);
    }

    @Test
    void everyOptionIsHeard() {
        ChaosArguments arguments = ChaosArguments.parse(
                List.of(
                        "--seed",
                        "3",
                        "--minutes",
                        "9",
                        "--rounds",
                        "2",
                        "--flink",
                        "2.3",
                        "--parallelism",
                        "3",
                        "--checkpoint-ms",
                        "150",
                        "--payload",
                        "12",
                        "--sink",
                        "committing",
                        "--only",
                        "map-failure,taskmanager-kill",
                        "--faults",
                        "1",
                        "--stock"),
                77);

        assertThat(arguments)
                .isEqualTo(new ChaosArguments(
                        3,
                        9,
                        1,
                        2,
                        Engine.STOCK,
                        "2.3",
                        new ChaosSchedule.Wishes(
                                List.of(Kind.MAP_FAILURE, Kind.TASKMANAGER_KILL), 1, 3, 150, 12, SinkKind.COMMITTING),
                        arguments.drawing(),
                        false));
        assertThat(arguments.again(6))
                .isEqualTo("--seed 3 --round 6 --flink 2.3 --parallelism 3 --checkpoint-ms 150 --payload 12"
                        + " --sink committing --only map-failure,taskmanager-kill --faults 1 --stock");
    }

    @Test
    void stockFlinkIsNotAskedForMoves() {
        assertThat(ChaosArguments.parse(List.of("--stock"), 77).wishes().kinds())
                .contains(Kind.TASKMANAGER_KILL)
                .noneMatch(Kind::isMove);
        assertThatThrownBy(() -> ChaosArguments.parse(List.of("--stock", "--only", "move"), 77))
                .hasMessageContaining("Stock Flink moves nothing");
    }

    @Test
    void oneRoundCanBeRepeated() {
        ChaosArguments arguments = ChaosArguments.parse(List.of("--replay", "3", "--round", "8"), 77);

        assertThat(arguments.seed()).isEqualTo(3);
        assertThat(arguments.firstRound()).isEqualTo(8);
        assertThat(arguments.rounds()).isEqualTo(1);
    }

    @Test
    void anUnknownOptionIsRefusedWithTheOneThatWasMeant() {
        assertThatThrownBy(() -> ChaosArguments.parse(List.of("--minuts", "3"), 77))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("Did you mean --minutes?");
    }

    @Test
    void aValueOutOfRangeOrMissingIsRefused() {
        assertThatThrownBy(() -> ChaosArguments.parse(List.of("--parallelism", "90"), 77))
                .hasMessageContaining("2..8");
        assertThatThrownBy(() -> ChaosArguments.parse(List.of("--seed"), 77)).hasMessageContaining("needs a value");
        assertThatThrownBy(() -> ChaosArguments.parse(List.of("--only", "rain"), 77))
                .hasMessageContaining("map-failure");
    }

    @Test
    void wrongUsageEndsWith2AndHelp() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();

        int exit = Chaos.run(List.of("--frobnicate"), System.out, new PrintStream(err, true, StandardCharsets.UTF_8));

        assertThat(exit).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("--frobnicate", "Usage: ./holdfast chaos");
    }
}
