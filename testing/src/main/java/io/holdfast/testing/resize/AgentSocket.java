package io.holdfast.testing.resize;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * One connection to the agent of a TaskManager. Waits for answers as long as they take: give a test a timeout.
 *
 * <p>One thread at a time.
 */
public final class AgentSocket implements AutoCloseable {

    private static final String VERSION = "HOLDFAST/1 ";

    private final SocketChannel channel;
    private final BufferedReader answers;

    /** Throws {@link UncheckedIOException} if nobody listens. */
    public AgentSocket(Path socket) {
        try {
            channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            channel.connect(UnixDomainSocketAddress.of(socket));
            answers =
                    new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("No agent answers at " + socket, e);
        }
    }

    /** The agent did not do what it was asked to. */
    public static final class Refusal extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final String code;

        Refusal(String request, String code, String message) {
            super("%s: %s (%s)".formatted(request, message, code));
            this.code = code;
        }

        /** Such as {@code infeasible}. */
        public String code() {
            return code;
        }
    }

    /** Sends a command with its keys and values, and returns what the agent says of itself. */
    public Map<String, String> ask(String request) {
        try {
            ByteBuffer line = ByteBuffer.wrap((VERSION + request + "\n").getBytes(StandardCharsets.UTF_8));
            while (line.hasRemaining()) {
                channel.write(line);
            }
            String first = answer();
            Map<String, String> values = new TreeMap<>();
            for (String more = answer(); !more.isEmpty(); more = answer()) {
                int equals = more.indexOf('=');
                values.put(more.substring(0, equals), more.substring(equals + 1));
            }
            if (!first.equals("ok")) {
                String[] parts = first.split(" ", 3);
                throw new Refusal(
                        request, parts.length > 1 ? parts[1] : first, parts.length > 2 ? parts[2] : "no message");
            }
            return values;
        } catch (IOException e) {
            throw new UncheckedIOException("The agent did not answer " + request, e);
        }
    }

    /** All that the agent knows of memory now. */
    public Status status() {
        return new Status(ask("status"));
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("The connection has ended");
        }
        return line;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An answer to {@code status}. Amounts are bytes. */
    public record Status(Map<String, String> values) {

        public long number(String key) {
            String value = values.get(key);
            if (value == null) {
                throw new IllegalStateException("No %s in %s".formatted(key, values));
            }
            return Long.parseLong(value);
        }

        public long heapCeiling() {
            return number("heap.ceiling");
        }

        public long directLimit() {
            return number("direct.limit");
        }

        /** What the pool of network buffers shall hold. */
        public long networkTarget() {
            return number("network.target");
        }

        /** What it holds. */
        public long networkSize() {
            return number("network.size");
        }
    }
}
