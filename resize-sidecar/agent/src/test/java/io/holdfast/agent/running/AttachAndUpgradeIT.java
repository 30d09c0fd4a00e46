package io.holdfast.agent.running;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The agent comes into a JVM that runs, and is replaced by a newer one with nothing lost in between. */
@Timeout(120)
class AttachAndUpgradeIT {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 21, 25})
    void attachedAgentIsReplacedByANewerJar(int jdk) throws Exception {
        Path newer = Jars.ofVersion("7.1", directory);
        try (TestJvm jvm = new TestJvm.Start(jdk, directory).without().up()) {
            attach(jvm, TestJvm.jar(), "socket=" + jvm.socket() + ",heap=256Mi,direct=64Mi");
            AgentClient.Reply before = jvm.ask("status").ok();
            assertThat(before.number("heap.ceiling")).isEqualTo(256 * MIB);
            assertThatThrownBy(() -> attach(jvm, TestJvm.jar(), "")).isInstanceOf(AgentInitializationException.class);
            assertThat(jvm.error(line -> line.contains("refused"))).contains("is not newer than");

            jvm.ask("direct bytes=" + 32 * MIB).ok();
            assertThat(jvm.app("lend 32")).isEqualTo("true");

            attach(jvm, newer, "");

            assertThat(jvm.ask("hello").ok().values()).containsEntry("agent.version", "7.1");
            assertThat(jvm.ask("status").values())
                    .containsEntry("heap.ceiling", "" + 256 * MIB)
                    .containsEntry("heap.balloon", "" + 256 * MIB)
                    .containsEntry("direct.limit", "" + 64 * MIB)
                    .containsEntry("direct.gave-way", "1")
                    .containsEntry("baseline.heap", before.values().get("baseline.heap"))
                    .containsEntry("operation", "none");
            jvm.ask("heap bytes=" + 300 * MIB).ok();
            assertThat(jvm.app("heap-bean Ceiling")).isEqualTo("" + 300 * MIB);
            assertThat(jvm.end()).isZero();
            assertThat(jvm.socket()).doesNotExist();
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 21, 25})
    void balloonIsHandedOverWhileTheHeapIsWanted(int jdk) throws IOException {
        Path newer = Jars.ofVersion("7.2", directory);
        Path newest = Jars.ofVersion("7.2.1", directory);
        try (TestJvm jvm = new TestJvm.Start(jdk, directory)
                        .preloaded("heap=160Mi,giveway=off")
                        .up();
                AgentClient old = jvm.client()) {
            jvm.app("hold 90");
            jvm.app("churn-on");

            assertThat(old.ask("upgrade jar=" + newer).ok().values()).containsEntry("agent.version", "7.2");
            Files.delete(newer); // nothing of a jar is needed any more once it runs
            assertThat(jvm.ask("upgrade jar=" + newest).ok().values()).containsEntry("agent.version", "7.2.1");

            assertThat(old.ended()).isTrue();
            AgentClient.Reply status = jvm.ask("status");
            assertThat(status.number("heap.ceiling")).isEqualTo(160 * MIB);
            assertThat(status.number("heap.used")).isLessThanOrEqualTo(160 * MIB);
            assertThat(status.number("heap.gave-way")).isZero();
            assertThat(jvm.ask("heap bytes=" + 192 * MIB).ok().number("heap.ceiling"))
                    .isEqualTo(192 * MIB);
            assertThat(jvm.app("intact")).isEqualTo("intact 1440 0");
        }
    }

    @Test
    void whatIsNoNewerAgentIsRefusedAndTheAgentGoesOn() throws IOException {
        Path text = Files.writeString(directory.resolve("notes.jar"), "no jar");
        Path same = TestJvm.jar();
        try (TestJvm jvm =
                new TestJvm.Start(17, directory).preloaded("heap=256Mi").up()) {
            assertThat(jvm.ask("upgrade jar=" + same).error("not-newer")).contains("Give the jar of a newer version");
            assertThat(jvm.ask("upgrade jar=" + text).error("bad-jar")).contains("notes.jar");
            assertThat(jvm.ask("upgrade jar=%2Fno%20such.jar").error("bad-jar")).contains("/no such.jar");
            assertThat(jvm.ask("status").number("heap.ceiling")).isEqualTo(256 * MIB);
        }
    }

    @Test
    void successorThatCannotStartLeavesAllToThePredecessor() throws IOException {
        Path broken = Jars.without("io/holdfast/agent/control/ControlSocket.class", "7.3", directory);
        try (TestJvm jvm = new TestJvm.Start(17, directory)
                        .preloaded("heap=256Mi,giveway=off")
                        .up();
                AgentClient client = jvm.client()) {
            String version = client.ask("hello").values().get("agent.version");
            assertThat(client.ask("upgrade jar=" + broken).error("failed")).contains("did not start");

            assertThat(client.ask("status").number("heap.balloon")).isEqualTo(256 * MIB);
            assertThat(client.ask("heap bytes=" + 300 * MIB).ok().number("heap.ceiling"))
                    .isEqualTo(300 * MIB);
            assertThat(jvm.ask("hello").values()).containsEntry("agent.version", version);
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 25})
    void successorThatHasNoMemoryToStartLeavesAllToThePredecessor(int jdk) throws IOException {
        Path broken = Jars.withAgent("throw new OutOfMemoryError(\"none for the test\");", "7.4", directory);
        try (TestJvm jvm = new TestJvm.Start(jdk, directory)
                        .preloaded("heap=256Mi,giveway=off")
                        .up();
                AgentClient client = jvm.client()) {
            client.ask("upgrade jar=" + broken).error("failed");

            assertThat(client.ask("status").number("heap.balloon")).isEqualTo(256 * MIB);
            assertThat(client.ask("heap bytes=" + 300 * MIB).ok().number("heap.ceiling"))
                    .isEqualTo(300 * MIB);
            assertThat(jvm.app("agent-threads"))
                    .isEqualTo("holdfast-agent-operation,holdfast-agent-socket,holdfast-agent-watch");
            client.ask("upgrade jar=" + Jars.ofVersion("7.5", directory)).ok();
            assertThat(jvm.ask("status").number("heap.ceiling")).isEqualTo(300 * MIB);
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 25})
    void nothingOfAPredecessorStays(int jdk) throws Exception {
        try (TestJvm jvm =
                new TestJvm.Start(jdk, directory).preloaded("heap=256Mi").up()) {
            jvm.ask("heap bytes=" + 300 * MIB).ok();
            for (String version : List.of("7.6", "7.7", "7.8")) {
                jvm.ask("upgrade jar=" + Jars.ofVersion(version, directory)).ok();
            }
            jvm.ask("heap bytes=" + 256 * MIB).ok();

            String agents = jvm.app("agents");
            for (int look = 0; look < 50 && !agents.equals("1"); look++) {
                Thread.sleep(100); // the threads of the last one are ending
                agents = jvm.app("agents");
            }
            assertThat(agents).isEqualTo("1");
        }
    }

    @Test
    void attachmentWithAnUnknownOptionLeavesTheJvmAsItWas() {
        try (TestJvm jvm = new TestJvm.Start(17, directory).without().up()) {
            assertThatThrownBy(() -> attach(jvm, TestJvm.jar(), "haep=256Mi"))
                    .isInstanceOf(AgentInitializationException.class);

            assertThat(jvm.error(line -> line.contains("refused"))).contains("did you mean heap?");
            assertThat(jvm.app("hold 300")).startsWith("holds");
            assertThat(jvm.end()).isZero();
        }
    }

    @Test
    void attachmentThatIsRefusedHalfWayUndoesWhatItDid() throws Exception {
        try (TestJvm jvm = new TestJvm.Start(17, directory).without().up()) {
            jvm.app("hold 200");
            assertThatThrownBy(() -> attach(jvm, TestJvm.jar(), "socket=" + jvm.socket() + ",direct=64Mi,heap=100Mi"))
                    .isInstanceOf(AgentInitializationException.class);
            assertThat(jvm.error(line -> line.contains("refused"))).contains("is below the floor");
            assertThat(jvm.socket()).doesNotExist();

            attach(jvm, TestJvm.jar(), "socket=" + jvm.socket());

            assertThat(jvm.ask("status").values())
                    .containsEntry("heap.ceiling", "" + 512 * MIB)
                    .containsEntry("direct.limit", "" + 512 * MIB);
        }
    }

    @Test
    void attachmentThatCannotServeUndoesWhatItDid() {
        TestJvm.Start start = new TestJvm.Start(17, directory)
                .options("--limit-modules", "java.logging,java.instrument,jdk.management"); // jdk.net is missing
        try (TestJvm jvm = start.without().up()) {
            assertThatThrownBy(() -> attach(jvm, TestJvm.jar(), "socket=" + jvm.socket() + ",heap=100Mi"))
                    .isInstanceOf(AgentInitializationException.class);

            assertThat(jvm.error(line -> line.contains("refused"))).contains("jdk/net");
            assertThat(jvm.socket()).doesNotExist();
            assertThat(jvm.app("agent-threads")).isEmpty();
            assertThat(jvm.app("hold 300")).startsWith("holds");
        }
    }

    private static void attach(TestJvm jvm, Path jar, String options) throws Exception {
        VirtualMachine machine = VirtualMachine.attach(Long.toString(jvm.pid()));
        try {
            machine.loadAgent(jar.toString(), options);
        } finally {
            machine.detach();
        }
    }
}
