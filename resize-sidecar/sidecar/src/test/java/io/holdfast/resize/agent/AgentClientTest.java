package io.holdfast.resize.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.resize.FakeAgent;
import io.holdfast.resize.plan.Sizes;
import io.holdfast.resize.plan.TaskManager;
import io.holdfast.testing.LeakCheck;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class AgentClientTest {
    private static final long MIB = FakeAgent.MIB;

    @RegisterExtension
    final LeakCheck leakCheck = new LeakCheck();

    @TempDir
    private Path directory;

    private FakeAgent agent;
    private AgentClient client;

    @BeforeEach
    void start() {
        Path socket = directory.resolve("agent.sock");
        agent = new FakeAgent(socket);
        client = new AgentClient(() -> List.of(socket));
    }

    @AfterEach
    void stop() {
        agent.close();
    }

    @Test
    void statusIsRead() throws Exception {
        TaskManager status = client.status();

        assertThat(status.agentVersion()).isEqualTo("0.1");
        assertThat(status.startedMillis()).isEqualTo(1000);
        assertThat(status.sizes()).isEqualTo(new Sizes(512 * MIB, 384 * MIB, 128 * MIB));
        assertThat(status.heap().hard()).isTrue();
        assertThat(status.heap().liveBytes()).isEqualTo(90 * MIB);
        assertThat(status.cgroup()).contains(new TaskManager.Cgroup(2048 * MIB, 900 * MIB, 0));
        assertThat(status.baseline()).isEqualTo(new TaskManager.Baseline(2048 * MIB, 512 * MIB, 384 * MIB, 128 * MIB));
    }

    @Test
    void socketThatNobodyListensAtIsPassedOver() throws Exception {
        Path left = directory.resolve("left.sock");
        try (ServerSocketChannel ended = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            ended.bind(UnixDomainSocketAddress.of(left)); // and its file stays
        }
        AgentClient both = new AgentClient(() -> List.of(left, directory.resolve("agent.sock")));

        assertThat(both.status().startedMillis()).isEqualTo(1000);
        AgentClient one = new AgentClient(() -> List.of(left));
        assertThat(catchThrowableOfType(IOException.class, one::status)).hasMessageContaining("refused");
    }

    @Test
    void agentThatAcceptsNobodyIsNotWaitedForLong() throws Exception {
        Path full = directory.resolve("full.sock");
        List<SocketChannel> waiting = new ArrayList<>();
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(full), 1);
            for (boolean room = true; room; ) {
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                waiting.add(channel);
                channel.configureBlocking(false);
                room = connects(channel, full);
            }

            assertThat(catchThrowableOfType(IOException.class, new AgentClient(() -> List.of(full))::status))
                    .hasMessageContaining("Nobody accepts connections at " + full);
        } finally {
            for (SocketChannel channel : waiting) {
                channel.close();
            }
        }
    }

    private static boolean connects(SocketChannel channel, Path socket) {
        try {
            return channel.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            return false; // the queue is full
        }
    }

    @Test
    void networkMemoryMayBeAbsent() throws Exception {
        agent.withoutNetwork();

        assertThat(client.status().network()).isEmpty();
        assertThat(client.status().sizes().networkBytes()).isZero();
    }

    @Test
    void refusalHasTheCodeAndTheWordsOfTheAgent() {
        agent.answer("heap", "error infeasible live data is 700 MiB");

        AgentRefusal refusal = catchThrowableOfType(AgentRefusal.class, () -> client.heap(MIB, Duration.ofSeconds(1)));

        assertThat(refusal.code()).isEqualTo("infeasible");
        assertThat(refusal).hasMessage("live data is 700 MiB");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "hang up | The agent has closed the connection",
                "okay | The agent's answer begins with neither ok nor error: okay",
                "ok\\nheap.max 12 | The agent's answer has a line without a key: heap.max 12",
                "ok\\nheap.max=many | The agent's answer has no number in heap.max=many",
                "ok | The agent's answer lacks heap.max",
            })
    void whatIsNoAnswerIsTold(String answer, String message) {
        agent.answer("status", answer.replace("\\n", "\n"));

        assertThat(catchThrowableOfType(IOException.class, client::status)).hasMessage(message);
    }

    @Test
    void answerWithoutEndIsCutOff() {
        agent.answer("status", "ok\n" + "k=v\n".repeat(50_000));

        assertThat(catchThrowableOfType(IOException.class, client::status))
                .hasMessage("The agent's answer is longer than 65536 bytes");
    }

    @Test
    void silentAgentIsNotWaitedForLongerThanToldTo() {
        agent.answer("status", "silence");

        assertThat(catchThrowableOfType(IOException.class, client::status))
                .hasMessage("The agent has not answered in time");
    }

    @Test
    void otherProtocolIsToldByItsVersions() {
        agent.answer("hello", "ok\nprotocol.min=2\nprotocol.max=3");

        assertThat(catchThrowableOfType(IOException.class, client::status)).hasMessageContaining("versions 2 to 3");
    }

    @Test
    void taskManagerThatIsAwayIsAFailureWithThePathAndAnotherOneIsFoundThere() throws Exception {
        agent.close();
        assertThat(catchThrowableOfType(IOException.class, client::status))
                .hasMessage("There is no socket at " + directory.resolve("agent.sock"));

        agent = new FakeAgent(directory.resolve("agent.sock")).set("agent.started", 2000);

        assertThat(client.status().startedMillis()).isEqualTo(2000);
    }
}
