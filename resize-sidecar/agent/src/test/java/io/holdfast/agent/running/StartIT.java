package io.holdfast.agent.running;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.agent.app.App;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Starts with the agent: what is refused, what is only less, and what the application does not notice. */
@Timeout(120)
class StartIT {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "haep=1Gi | there is no option 'haep', did you mean heap?",
                "heap=1024m | '1024m' has no unit of size",
                "heap=9Gi | is above the heap of",
                "direct=flink | needs a -XX:MaxDirectMemorySize on the JVM's command line"
            })
    void unusableOptionEndsTheStartWithOneLine(String options, String message) {
        try (TestJvm jvm = new TestJvm.Start(17, directory).preloaded(options)) {
            assertThat(jvm.exitCode()).isEqualTo(78);
            assertThat(jvm.errorsAtEnd())
                    .filteredOn(line -> line.contains(message))
                    .hasSize(1);
        }
    }

    @Test
    void socketOfADeadJvmIsReplacedAndThatOfALivingOneIsNot() {
        TestJvm.Start start = new TestJvm.Start(17, directory);
        try (TestJvm dead = start.preloaded("").up()) {
            dead.kill();
            assertThat(dead.socket()).exists();
        }
        try (TestJvm living = new TestJvm.Start(17, directory).preloaded("").up();
                TestJvm late = new TestJvm.Start(17, directory).preloaded("")) {
            assertThat(late.exitCode()).isEqualTo(78);
            assertThat(late.errorsAtEnd()).anyMatch(line -> line.contains("Another process listens"));
            assertThat(living.ask("hello").ok().number("jvm.pid")).isEqualTo(living.pid());
        }
    }

    @Test
    void fileThatIsNoSocketIsLeftAlone() throws IOException {
        Path notes = Files.writeString(directory.resolve("agent.sock"), "notes");
        try (TestJvm jvm = new TestJvm.Start(17, directory).preloaded("")) {
            assertThat(jvm.exitCode()).isEqualTo(78);
            assertThat(notes).hasContent("notes");
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 25})
    void applicationChoosesItsLogManagerStill(int jdk) {
        TestJvm.Start start = new TestJvm.Start(jdk, directory)
                .options("-Djava.util.logging.manager=" + App.OwnLogManager.class.getName());
        try (TestJvm jvm = start.preloaded("heap=256Mi").up()) {
            jvm.ask("status").ok();
            assertThat(jvm.app("heap-bean Ceiling")).isIn("none", "" + 256 * MIB);
            assertThat(jvm.app("log-manager")).isEqualTo("OwnLogManager");
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 21, 25})
    void ofZgcTheCeilingIsSoft(int jdk) {
        TestJvm.Start start = new TestJvm.Start(jdk, directory).onlyOptions("-Xmx512m", "-XX:+UseZGC");
        try (TestJvm jvm = start.preloaded("heap=256Mi").up()) {
            assertThat(jvm.ask("hello").values()).containsEntry("heap.method", "soft-max-heap-size");
            assertThat(jvm.ask("status").values())
                    .containsEntry("heap.ceiling", "" + 256 * MIB)
                    .containsEntry("heap.ceiling.hard", "false");
            jvm.app("hold 100");
            assertThat(jvm.ask("heap bytes=" + 64 * MIB).error("infeasible")).contains("are alive");
            jvm.ask("heap bytes=" + 192 * MIB).ok();
            assertThat(jvm.ask("status").number("heap.live")).isBetween(100 * MIB, 150 * MIB);
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"-XX:+UseParallelGC", "-XX:+UseSerialGC"})
    void whatNoCeilingCanBeKeptForStartsAndSaysSo(String collector) {
        TestJvm.Start start = new TestJvm.Start(17, directory).onlyOptions("-Xmx512m", collector);
        try (TestJvm jvm = start.preloaded("heap=256Mi,direct=64Mi").up()) {
            assertThat(jvm.error(line -> line.contains("Option has no effect"))).contains("-XX:+UseG1GC");
            assertThat(jvm.ask("hello").values()).containsEntry("heap.method", "none");
            assertThat(jvm.ask("heap bytes=" + 256 * MIB).error("unsupported")).contains("-XX:+UseG1GC");
            assertThat(jvm.ask("status").number("direct.limit")).isEqualTo(64 * MIB);
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 25})
    void whereNoLibraryCanBeLoadedTheCeilingIsSoftAndSaysSo(int jdk) {
        TestJvm.Start start = new TestJvm.Start(jdk, directory)
                .options(jdk >= 24 ? "--illegal-native-access=deny" : "-Dos.arch=none");
        try (TestJvm jvm = start.preloadedWithoutNativeAccess("").up()) {
            assertThat(jvm.error(line -> line.contains("Heap pages cannot be given back")))
                    .contains("soft");
            assertThat(jvm.ask("hello").values())
                    .containsEntry("heap.method", "soft")
                    .containsEntry("heap.release", "none");
            jvm.app("churn 500");
            assertThat(jvm.ask("heap bytes=" + 256 * MIB).ok().values()).containsEntry("heap.ceiling.hard", "false");
            assertThat(jvm.ask("status").number("heap.committed")).isLessThan(256 * MIB);
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"-XX:+DisableExplicitGC", "-XX:+ExplicitGCInvokesConcurrent"})
    void garbageIsCollectedThoughExplicitCollectionsAreOff(String option) {
        try (TestJvm jvm =
                new TestJvm.Start(17, directory).options(option).preloaded("").up()) {
            jvm.app("churn 300");
            jvm.app("hold 50");
            assertThat(jvm.ask("live").ok().number("heap.live")).isBetween(50 * MIB, 60 * MIB);
            jvm.ask("heap bytes=" + 128 * MIB).ok();
        }
    }
}
