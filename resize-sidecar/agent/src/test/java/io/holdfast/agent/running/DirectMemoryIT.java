package io.holdfast.agent.running;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The limit of direct memory is exact, up and down, and buffers that are held stay as they are. */
@Timeout(120)
class DirectMemoryIT {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 21, 25})
    void limitIsExactUpAndDown(int jdk) {
        TestJvm.Start start =
                new TestJvm.Start(jdk, directory).options("-XX:MaxDirectMemorySize=49m", "-XX:MaxDirectMemorySize=1g");
        try (TestJvm jvm = start.preloaded("direct=flink").up()) {
            assertThat(jvm.ask("status").number("direct.limit")).isEqualTo(49 * MIB); // Flink's is the first
            assertThat(held(jvm, 16)).isEqualTo("out of direct memory at 3");

            jvm.ask("direct bytes=" + 81 * MIB).ok();
            assertThat(held(jvm, 16)).isEqualTo("out of direct memory at 5");
            assertThat(jvm.ask("direct bytes=" + 64 * MIB).error("infeasible")).contains("is in use");
            assertThat(jvm.ask("status").number("direct.limit")).isEqualTo(81 * MIB);

            jvm.app("free 2");
            jvm.ask("direct bytes=" + 33 * MIB).ok(); // collects what is free
            assertThat(held(jvm, 16)).isEqualTo("out of direct memory at 2");
            assertThat(jvm.app("intact")).isEqualTo("intact 0 2");
            assertThat(jvm.ask("status").number("direct.used")).isBetween(32 * MIB, 33 * MIB);
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 21, 25})
    void trimGivesFreedMemoryBack(int jdk) {
        try (TestJvm jvm = new TestJvm.Start(jdk, directory).preloaded("").up()) {
            jvm.app("direct 64");
            jvm.app("free 0");

            AgentClient.Reply reply = jvm.ask("trim").ok();

            assertThat(reply.number("process.rss.before") - reply.number("process.rss.after"))
                    .isGreaterThan(50 * MIB);
            assertThat(reply.values()).containsEntry("trim.native", "done");
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 25})
    void limitThatWasLoweredIsLentToWhoMustHaveIt(int jdk) {
        TestJvm.Start start = new TestJvm.Start(jdk, directory).options("-XX:MaxDirectMemorySize=1g");
        try (TestJvm jvm = start.preloaded("heap=96Mi,direct=81Mi").up()) {
            jvm.ask("direct bytes=" + 33 * MIB).ok();
            assertThat(held(jvm, 16)).isEqualTo("out of direct memory at 2");

            assertThat(jvm.app("lend 16")).isEqualTo("true");

            assertThat(jvm.ask("status").number("direct.limit")).isEqualTo(49 * MIB);
            assertThat(jvm.ask("status").number("direct.gave-way")).isEqualTo(1);
            assertThat(jvm.error(line -> line.contains("Direct memory limit gave way")))
                    .contains("WARN", "bytes=" + 16 * MIB, "limit=" + 49 * MIB, "count=1");
            assertThat(held(jvm, 16)).isEqualTo("out of direct memory at 3");

            assertThat(jvm.app("lend 64")).as("more than there ever was").isEqualTo("false");
            assertThat(jvm.ask("status").number("direct.limit")).isEqualTo(49 * MIB);
            assertThat(jvm.error(line -> line.contains("did not give way"))).contains("largest=" + 81 * MIB);
            assertThat(jvm.app("lend 32")).isEqualTo("true");
            assertThat(held(jvm, 16)).isEqualTo("out of direct memory at 5");
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = 17)
    void nothingIsLentWhereNothingGivesWay(int jdk) {
        TestJvm.Start start = new TestJvm.Start(jdk, directory).options("-XX:MaxDirectMemorySize=81m");
        try (TestJvm jvm = start.preloaded("heap=96Mi,giveway=off").up()) {
            jvm.ask("direct bytes=" + 33 * MIB).ok();

            assertThat(jvm.app("lend 48")).isEqualTo("false");
            assertThat(jvm.app("lend 16")).as("there is room for it").isEqualTo("true");

            assertThat(jvm.ask("status").number("direct.limit")).isEqualTo(33 * MIB);
            assertThat(jvm.ask("status").number("direct.gave-way")).isZero();
        }
    }

    private static String held(TestJvm jvm, int mebibytes) {
        String answer = "";
        for (int tries = 0; tries < 100 && !answer.startsWith("out"); tries++) {
            answer = jvm.app("direct " + mebibytes);
        }
        return answer;
    }
}
