package io.holdfast.resize.agent;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One connection to the agent, by version 1 of its protocol ({@code docs/reference/agent-protocol.md}): a request is a line,
 * an answer is {@code ok} or {@code error CODE MESSAGE}, then lines {@code key=value}, then an empty line.
 *
 * <p>Not thread-safe. Never waits longer than it is told to.
 */
final class AgentConnection implements AutoCloseable {
    private static final String VERSION = "HOLDFAST/1";

    /** Far more than an answer has: whatever sends more is no agent. */
    private static final int MOST_BYTES = 64 * 1024;

    private final SocketChannel channel;
    private final Selector selector;
    private final ByteBuffer in = ByteBuffer.allocate(4096).flip();

    private AgentConnection(SocketChannel channel, Selector selector) {
        this.channel = channel;
        this.selector = selector;
    }

    static AgentConnection to(Path socket) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        Selector selector = null;
        try {
            channel.configureBlocking(false);
            connectNow(channel, socket);
            selector = Selector.open();
            channel.register(selector, SelectionKey.OP_READ);
            return new AgentConnection(channel, selector);
        } catch (IOException | RuntimeException e) {
            channel.close();
            if (selector != null) {
                selector.close();
            }
            throw e;
        }
    }

    /** There is no network between: at once, refused, or the queue of who listens is full, and may stay so for ever. */
    private static void connectNow(SocketChannel channel, Path socket) throws IOException {
        try {
            if (channel.connect(UnixDomainSocketAddress.of(socket))) {
                return;
            }
        } catch (IOException e) {
            throw new IOException("Nobody accepts connections at %s: %s".formatted(socket, e.getMessage()), e);
        }
        throw new IOException("Nobody accepts connections at " + socket);
    }

    /**
     * Sends {@code request}, a command and its {@code key=value}s, and returns what the answer says.
     *
     * @throws AgentRefusal if the answer is an error
     * @throws IOException if there is none in time, or it is none of the protocol
     */
    Map<String, String> ask(String request, Duration timeout) throws IOException, AgentRefusal {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        ByteBuffer line = ByteBuffer.wrap((VERSION + " " + request + "\n").getBytes(StandardCharsets.UTF_8));
        while (line.hasRemaining()) {
            if (channel.write(line) == 0) {
                throw new IOException("The agent does not read what it is sent");
            }
        }
        int[] left = {MOST_BYTES};
        String first = readLine(deadlineNanos, left);
        Map<String, String> values = new LinkedHashMap<>();
        for (String next = readLine(deadlineNanos, left); !next.isEmpty(); next = readLine(deadlineNanos, left)) {
            int end = next.indexOf('=');
            if (end < 1) {
                throw new IOException("The agent's answer has a line without a key: " + next);
            }
            values.put(next.substring(0, end), next.substring(end + 1));
        }
        if (first.equals("ok")) {
            return values;
        }
        String[] words = first.split(" ", 3);
        if (!words[0].equals("error") || words.length < 2) {
            throw new IOException("The agent's answer begins with neither ok nor error: " + first);
        }
        throw new AgentRefusal(words[1], words.length == 3 ? words[2] : words[1]);
    }

    private String readLine(long deadlineNanos, int[] left) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(64);
        while (true) {
            while (in.hasRemaining()) {
                byte next = in.get();
                if (next == '\n') {
                    return line.toString(StandardCharsets.UTF_8);
                }
                line.write(next);
            }
            fill(deadlineNanos, left);
        }
    }

    private void fill(long deadlineNanos, int[] left) throws IOException {
        while (true) {
            in.clear();
            int read = channel.read(in);
            in.flip();
            if (read < 0) {
                throw new EOFException("The agent has closed the connection");
            }
            left[0] -= read;
            if (left[0] < 0) {
                throw new IOException("The agent's answer is longer than %d bytes".formatted(MOST_BYTES));
            }
            if (read > 0) {
                return;
            }
            long millis = (deadlineNanos - System.nanoTime()) / 1_000_000;
            if (millis <= 0 || Thread.currentThread().isInterrupted()) {
                throw new IOException("The agent has not answered in time");
            }
            selector.select(millis);
            selector.selectedKeys().clear();
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        channel.close();
    }
}
