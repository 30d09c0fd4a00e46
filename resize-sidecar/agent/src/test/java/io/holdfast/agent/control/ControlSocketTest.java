package io.holdfast.agent.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.agent.report.AgentLog;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ControlSocketTest {
    @TempDir
    Path directory;

    private final AtomicLong clock = new AtomicLong();
    private final BlockingQueue<Consumer<Answer>> unanswered = new LinkedBlockingQueue<>();
    private SocketFile file;
    private ControlSocket socket;

    @BeforeEach
    void start() {
        file = SocketFile.bind(directory.resolve("agent.sock"));
        socket = new ControlSocket(file, (request, answer) -> unanswered.add(answer), clock::get, new AgentLog());
        socket.start();
    }

    @AfterEach
    void end() {
        socket.end();
        file.delete();
    }

    @Test
    void connectionThatIsIdleForAMinuteIsClosed() throws Exception {
        try (SocketChannel peer = connected()) {
            ask(peer);
            next().accept(Answer.ok(Map.of()));
            assertThat(read(peer)).isEqualTo("ok\n\n");

            clock.addAndGet(TimeUnit.SECONDS.toNanos(61));

            assertThat(read(peer)).isEqualTo("end");
        }
    }

    @Test
    void connectionThatWaitsForAnOperationIsNot() throws Exception {
        try (SocketChannel peer = connected()) {
            ask(peer);
            Consumer<Answer> operation = next();

            clock.addAndGet(TimeUnit.MINUTES.toNanos(10));
            try (SocketChannel other = connected()) { // once it is served, the socket has looked at all
                ask(other);
                next().accept(Answer.ok(Map.of("key", "a value")));
                assertThat(read(other)).isEqualTo("ok\nkey=a%20value\n\n");
            }
            operation.accept(Answer.ok(Map.of()));

            assertThat(read(peer)).isEqualTo("ok\n\n");
        }
    }

    @Test
    void whilePausedNothingIsReadAndNothingIsLost() throws Exception {
        try (SocketChannel peer = connected()) {
            ask(peer);
            Consumer<Answer> operation = next();
            socket.pause();
            operation.accept(Answer.ok(Map.of()));
            assertThat(read(peer)).isEqualTo("ok\n\n"); // what was asked before is answered

            ask(peer);
            assertThat(unanswered.poll(200, TimeUnit.MILLISECONDS)).isNull();

            socket.resume();
            next().accept(Answer.ok(Map.of()));
            assertThat(read(peer)).isEqualTo("ok\n\n");
        }
    }

    private SocketChannel connected() throws IOException {
        SocketChannel peer = SocketChannel.open(StandardProtocolFamily.UNIX);
        peer.connect(UnixDomainSocketAddress.of(file.path()));
        return peer;
    }

    private static void ask(SocketChannel peer) throws IOException {
        peer.write(ByteBuffer.wrap("HOLDFAST/1 live\n".getBytes(StandardCharsets.UTF_8)));
    }

    private Consumer<Answer> next() throws InterruptedException {
        Consumer<Answer> answer = unanswered.poll(10, TimeUnit.SECONDS);
        assertThat(answer).isNotNull();
        return answer;
    }

    private static String read(SocketChannel peer) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1000);
        int read = peer.read(buffer);
        return read < 0 ? "end" : new String(buffer.array(), 0, read, StandardCharsets.UTF_8);
    }
}
