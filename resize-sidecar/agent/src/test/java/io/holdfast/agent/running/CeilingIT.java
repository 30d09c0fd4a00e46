package io.holdfast.agent.running;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The ceiling of the heap is exact, and moves while the application runs. */
@Timeout(120)
class CeilingIT {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 21, 25})
    void applicationGetsTheCeilingAndNotMore(int jdk) {
        try (TestJvm jvm = new TestJvm.Start(jdk, directory)
                .preloaded("heap=200Mi,giveway=off")
                .up()) {
            assertThat(jvm.ask("hello").ok().values())
                    .containsEntry("heap.method", "balloon")
                    .containsEntry("heap.release", jdk >= 22 ? "ffm" : "jni");
            assertThat(jvm.ask("status").ok().values())
                    .containsEntry("heap.max", "" + 512 * MIB)
                    .containsEntry("heap.ceiling", "" + 200 * MIB)
                    .containsEntry("heap.ceiling.hard", "true")
                    .containsEntry("baseline.heap", "" + 200 * MIB);

            assertThat(outOfMemoryAt(jvm.app("fill"))).isBetween(185 * MIB, 200 * MIB);

            assertThat(jvm.ask("heap bytes=" + 300 * MIB).ok().number("heap.ceiling"))
                    .isEqualTo(300 * MIB);
            assertThat(outOfMemoryAt(jvm.app("fill"))).isBetween(280 * MIB, 300 * MIB);
            assertThat(jvm.app("intact")).startsWith("intact");
            assertThat(jvm.ask("status").number("heap.gave-way")).isZero();
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 21, 25})
    void ceilingComesDownUnderLoadAndItsMemoryGoesBack(int jdk) {
        try (TestJvm jvm = new TestJvm.Start(jdk, directory)
                .options("-Xms512m")
                .preloaded("")
                .up()) {
            assertThat(jvm.app("hold 100")).startsWith("holds");
            assertThat(jvm.app("churn-on")).isEqualTo("churning");
            jvm.app("churn 500");

            AgentClient.Reply reply = jvm.ask("heap bytes=" + 192 * MIB).ok();
            jvm.app("churn 1000");

            assertThat(reply.number("heap.ceiling")).isEqualTo(192 * MIB);
            AgentClient.Reply status = jvm.ask("status");
            assertThat(status.number("heap.balloon")).isEqualTo(320 * MIB);
            assertThat(status.number("heap.used")).isBetween(100 * MIB, 192 * MIB);
            assertThat(status.number("heap.committed")).isLessThanOrEqualTo(192 * MIB);
            assertThat(status.number("process.rss")).isLessThan((192 + 130) * MIB);
            assertThat(status.number("heap.gave-way")).isZero();
            assertThat(jvm.app("intact")).isEqualTo("intact 1600 0");
            assertThat(jvm.app("heap-bean Ceiling")).isEqualTo("" + 192 * MIB);
            assertThat(Long.parseLong(jvm.app("heap-bean Used"))).isBetween(100 * MIB, 192 * MIB);
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 21, 25})
    void ceilingBelowWhatIsAliveIsRefusedAndNothingChanges(int jdk) {
        try (TestJvm jvm = new TestJvm.Start(jdk, directory).preloaded("").up()) {
            jvm.app("hold 200");

            assertThat(jvm.ask("heap bytes=" + 210 * MIB).error("infeasible"))
                    .contains("is below the floor of")
                    .contains("Ask for at least the floor");

            AgentClient.Reply status = jvm.ask("status");
            assertThat(status.number("heap.ceiling")).isEqualTo(512 * MIB);
            assertThat(status.number("heap.live")).isBetween(200 * MIB, 210 * MIB);
            assertThat(status.number("heap.floor")).isBetween(236 * MIB, 248 * MIB);
            assertThat(jvm.ask("heap bytes=" + 513 * MIB).error("infeasible")).contains("-Xmx");
            // what is alive differs a little from one collection to the next
            jvm.ask("heap bytes=" + (status.number("heap.floor") + 4 * MIB)).ok();
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 25})
    void whatDoesNotEndInTimeIsRolledBack(int jdk) {
        try (TestJvm jvm = new TestJvm.Start(jdk, directory)
                .options("-Xmx4g")
                .preloaded("")
                .up()) {
            assertThat(jvm.ask("heap timeout-ms=1 bytes=" + 256 * MIB).error("timeout"))
                    .contains("timeout-ms");

            assertThat(jvm.ask("status").number("heap.ceiling")).isEqualTo(4096 * MIB);
        }
    }

    @ParameterizedTest(name = "JDK {0}, {1}, {2}")
    @CsvSource({
        "17, -XX:+ExitOnOutOfMemoryError, giveway=off",
        "17, -XX:+ExitOnOutOfMemoryError, giveway=on",
        "17, -XX:-ExitOnOutOfMemoryError, giveway=on",
        "25, -XX:+ExitOnOutOfMemoryError, giveway=off",
        "25, -XX:-ExitOnOutOfMemoryError, giveway=on"
    })
    void ceilingComesDownIntoAHeapThatIsFullOfHoles(int jdk, String flag, String options) {
        try (TestJvm jvm = new TestJvm.Start(jdk, directory)
                .options("-Xmx1g", "-XX:G1HeapRegionSize=1m", flag)
                .preloaded(options)
                .up()) {
            assertThat(jvm.app("holes 440")).isEqualTo("holds 440");

            assertThat(jvm.ask("heap bytes=" + 640 * MIB).ok().number("heap.ceiling"))
                    .isEqualTo(640 * MIB);
            assertThat(jvm.ask("status").number("heap.gave-way")).isZero();
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 25})
    void ceilingOfAFullHeapIsRaisedByLessThanAnArray(int jdk) {
        try (TestJvm jvm = new TestJvm.Start(jdk, directory)
                .preloaded("heap=200Mi,giveway=off")
                .up()) {
            jvm.app("hold 192");

            long raised = jvm.ask("heap bytes=" + 203 * MIB).ok().number("heap.ceiling");

            assertThat(raised).isEqualTo(203 * MIB);
            assertThat(outOfMemoryAt(jvm.app("fill"))).isBetween(192 * MIB, 203 * MIB);
        }
    }

    private static long outOfMemoryAt(String answer) {
        assertThat(answer).startsWith("out of memory at ");
        return Long.parseLong(answer.substring("out of memory at ".length()));
    }
}
