package io.holdfast.agent.running;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever comes over the socket, the agent answers by the rules, and the next peer is served. */
@Timeout(60)
class HostileInputIT {
    @TempDir
    static Path directory;

    private static TestJvm jvm;

    @BeforeAll
    static void start() {
        jvm = new TestJvm.Start(17, directory).preloaded("heap=256Mi").up();
    }

    @AfterAll
    static void end() {
        jvm.close();
    }

    @AfterEach
    void agentStillServes() {
        assertThat(jvm.ask("status").ok().number("heap.ceiling")).isEqualTo(256L << 20);
        assertThat(jvm.app("intact")).startsWith("intact");
    }

    @Test
    void wrongRequestsAreAnsweredAndTheConnectionStays() {
        try (AgentClient client = jvm.client()) {
            assertThat(answer(client, "\n")).startsWith("error bad-request ");
            assertThat(answer(client, "GET / HTTP/1.1\n")).startsWith("error bad-request ");
            assertThat(answer(client, "HOLDFAST/2 hello\n")).startsWith("error unsupported-version ");
            assertThat(answer(client, "HOLDFAST/1 statsu\n")).contains("error unknown-command ", "mean status?");
            assertThat(answer(client, "HOLDFAST/1 heap byte=1\n")).contains("error unknown-key ", "mean bytes?");
            assertThat(answer(client, "HOLDFAST/1 heap\n")).startsWith("error missing-key ");
            assertThat(answer(client, "HOLDFAST/1 heap bytes=-1\n")).startsWith("error bad-value ");
            assertThat(answer(client, "HOLDFAST/1 heap bytes=99999999999999999999\n"))
                    .startsWith("error bad-value ");
            assertThat(answer(client, "HOLDFAST/1 heap bytes=0\n")).startsWith("error infeasible ");
            assertThat(answer(client, "HOLDFAST/1 heap bytes=9223372036854775807\n"))
                    .startsWith("error infeasible ");
            assertThat(answer(client, "HOLDFAST/1 direct bytes=0\n")).startsWith("error infeasible ");
            assertThat(answer(client, "HOLDFAST/1 hello  \n")).startsWith("error bad-request ");
            assertThat(answer(client, "HOLDFAST/1 upgrade jar=%zz\n")).startsWith("error bad-value ");
            assertThat(answer(client, "HOLDFAST/1 hello\0\n")).startsWith("error bad-request ");
            client.ask("hello").ok();
        }
    }

    @Test
    void lineThatIsTooLongIsAnsweredAndTheConnectionClosed() {
        try (AgentClient client = jvm.client()) {
            client.send(("HOLDFAST/1 " + "x".repeat(5_000)).getBytes(StandardCharsets.UTF_8));

            assertThat(client.reply().first()).startsWith("error too-long ");
            assertThat(client.ended()).isTrue();
        }
    }

    @Test
    void longestLineIsServed() {
        try (AgentClient client = jvm.client()) {
            String line = "HOLDFAST/1 upgrade jar=/";
            assertThat(answer(client, line + "x".repeat(4096 - line.length()) + "\n"))
                    .startsWith("error bad-jar ");
        }
    }

    @Test
    void lineThatIsNotUtf8IsAnsweredAndTheConnectionClosed() {
        try (AgentClient client = jvm.client()) {
            client.send(new byte[] {'H', (byte) 0xc3, '(', '\n'});

            assertThat(client.reply().first()).startsWith("error not-utf8 ");
            assertThat(client.ended()).isTrue();
        }
    }

    @Test
    void halfALineHoldsUpNobody() {
        try (AgentClient half = jvm.client()) {
            half.send("HOLDFAST/1 hel".getBytes(StandardCharsets.UTF_8));
            jvm.ask("hello").ok();

            half.send("lo\nHOLDFAST/1 status\n".getBytes(StandardCharsets.UTF_8));

            assertThat(half.reply().ok().values()).containsKey("agent.version");
            assertThat(half.reply().ok().values()).containsKey("heap.ceiling");
        }
    }

    @Test
    void peerThatDoesNotReadHoldsUpNobody() {
        try (AgentClient client = jvm.client()) {
            for (int index = 0; index < 200; index++) { // more than a socket's buffers hold of answers
                client.send("HOLDFAST/1 status\n".getBytes(StandardCharsets.UTF_8));
            }
            jvm.ask("hello").ok();
            for (int index = 0; index < 200; index++) {
                client.reply().ok();
            }
        }
    }

    @Test
    void noMoreThanEightConnectionsAreServed() {
        List<AgentClient> clients = new ArrayList<>();
        try {
            for (int index = 0; index < 8; index++) {
                clients.add(jvm.client());
                clients.get(index).ask("hello").ok();
            }
            try (AgentClient ninth = jvm.client()) {
                assertThat(ninth.reply().first()).startsWith("error too-many-connections ");
                assertThat(ninth.ended()).isTrue();
            }
        } finally {
            clients.forEach(AgentClient::close);
        }
        try (AgentClient next = jvm.client()) { // closed ones are noticed with the next turn of the loop
            assertThat(next.ask("hello").first()).isEqualTo("ok");
        }
    }

    @Test
    void noiseIsAnsweredOrCloses() {
        Random random = new Random(20261126);
        for (int round = 0; round < 200; round++) {
            byte[] noise = new byte[random.nextInt(300)];
            random.nextBytes(noise);
            try (AgentClient client = jvm.client()) {
                client.send(ByteBuffer.allocate(noise.length + 1)
                        .put(noise)
                        .put((byte) '\n')
                        .array());
                assertThat(client.reply().first()).startsWith("error ");
            }
        }
    }

    @Test
    void secondOperationIsRefusedAndQuestionsAreNot() throws InterruptedException {
        assertThat(jvm.app("network 1")).isEqualTo("registered");
        try (AgentClient first = jvm.client();
                AgentClient second = jvm.client()) {
            first.send("HOLDFAST/1 network bytes=3145728 timeout-ms=1500\n".getBytes(StandardCharsets.UTF_8));
            AgentClient.Reply status;
            do {
                status = second.ask("status").ok();
            } while (status.values().get("operation").equals("none"));

            assertThat(status.values()).containsEntry("operation", "network");
            assertThat(second.ask("live").error("busy")).contains("network");
            assertThat(first.reply().error("timeout")).contains("wait=false");
            assertThat(second.ask("live").ok().values()).containsKey("heap.live");
            assertThat(second.ask("status").number("network.target")).isEqualTo(8 << 20);

            assertThat(second.ask("network bytes=4194304").ok().number("network.size"))
                    .isEqualTo(4 << 20);
            assertThat(second.ask("network bytes=8388608").ok().number("network.size"))
                    .isEqualTo(8 << 20);
            assertThat(second.ask("network bytes=1").error("infeasible")).contains("2097152 to 16777216");
            assertThat(second.ask("status").number("baseline.network")).isEqualTo(8 << 20);
            assertThat(jvm.app("network 2")).isEqualTo("registered");
            assertThat(second.ask("network bytes=4194304").error("ambiguous")).contains("taskmanager=2");
        }
    }

    @Test
    void anotherUserIsRefusedThoughTheFileLetsHimIn() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "Needs root, to become another user");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(jvm.socket())))
                .isEqualTo("rw-------");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(jvm.socket(), PosixFilePermissions.fromString("rw-rw-rw-"));
        try {
            assertThat(asNobody()).contains("error forbidden ");
        } finally {
            Files.setPosixFilePermissions(jvm.socket(), PosixFilePermissions.fromString("rw-------"));
        }
    }

    private static String asNobody() throws IOException, InterruptedException {
        Path script = Files.writeString(directory.resolve("Ask.java"), """
                import java.net.*; import java.nio.*; import java.nio.channels.*;
                public class Ask { public static void main(String[] a) throws Exception {
                    SocketChannel c = SocketChannel.open(StandardProtocolFamily.UNIX);
                    c.connect(UnixDomainSocketAddress.of(a[0]));
                    System.out.println(new String(Channels.newInputStream(c).readAllBytes()));
                } }
                """);
        Process process = new ProcessBuilder(
                        "setpriv",
                        "--reuid=65534",
                        "--regid=65534",
                        "--clear-groups",
                        Jdks.require(17).resolve("bin/java").toString(),
                        script.toString(),
                        jvm.socket().toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    private static String answer(AgentClient client, String line) {
        client.send(line.getBytes(StandardCharsets.UTF_8));
        return client.reply().first();
    }
}
