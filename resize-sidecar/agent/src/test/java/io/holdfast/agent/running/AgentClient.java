package io.holdfast.agent.running;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** One connection to an agent. Knows nothing of the agent's classes, but what its documentation says. */
final class AgentClient implements AutoCloseable {
    private final SocketChannel channel;
    private final StringBuilder received = new StringBuilder();

    AgentClient(Path socket) {
        try {
            channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            channel.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What was answered: the first line, and the values. */
    record Reply(String first, Map<String, String> values) {
        long number(String key) {
            assertThat(values).containsKey(key);
            return Long.parseLong(values.get(key));
        }

        Reply ok() {
            assertThat(first).isEqualTo("ok");
            return this;
        }

        /** The message behind {@code error CODE}. */
        String error(String code) {
            assertThat(first).startsWith("error " + code + " ");
            return first.substring(("error " + code + " ").length());
        }
    }

    Reply ask(String request) {
        send(("HOLDFAST/1 " + request + "\n").getBytes(StandardCharsets.UTF_8));
        return reply();
    }

    void send(byte[] bytes) {
        try {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Reply reply() {
        int end;
        while ((end = received.indexOf("\n\n")) < 0) {
            assertThat(readMore())
                    .as("the agent closed the connection after: %s", received)
                    .isTrue();
        }
        String[] lines = received.substring(0, end).split("\n");
        received.delete(0, end + 2);
        Map<String, String> values = new LinkedHashMap<>();
        for (int index = 1; index < lines.length; index++) {
            String[] pair = lines[index].split("=", 2);
            values.put(pair[0], pair[1]);
        }
        return new Reply(lines[0], values);
    }

    /** Returns whether the agent has ended the connection, once it has or has sent more. */
    boolean ended() {
        return !readMore();
    }

    private boolean readMore() {
        ByteBuffer buffer = ByteBuffer.allocate(8192);
        try {
            int read = channel.read(buffer);
            received.append(new String(buffer.array(), 0, Math.max(0, read), StandardCharsets.UTF_8));
            return read >= 0;
        } catch (IOException e) {
            return false; // reset: what it did not read was thrown away
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
