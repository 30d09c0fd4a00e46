package io.holdfast.resize;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/**
 * An agent on a real unix socket, by version 1 of the protocol: a JVM that has 2 GiB, and a heap that may have 4 GiB. Which
 * commands it refuses, and what it answers instead, is set by the test.
 *
 * <p>Thread-safe.
 */
public final class FakeAgent implements AutoCloseable {
    public static final long MIB = 1 << 20;

    private final Path socket;
    private final ServerSocketChannel server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, Long> values = new ConcurrentHashMap<>();
    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final List<String> commands = new CopyOnWriteArrayList<>();
    private volatile Consumer<String> done = command -> {};
    private volatile boolean network = true;

    public FakeAgent(Path socket) {
        this.socket = socket;
        values.put("agent.started", 1000L);
        values.put("heap.max", 4096 * MIB);
        values.put("heap.ceiling", 512 * MIB);
        values.put("heap.used", 100 * MIB);
        values.put("heap.live", 90 * MIB);
        values.put("heap.floor", 106 * MIB);
        values.put("direct.limit", 384 * MIB);
        values.put("direct.used", 150 * MIB);
        values.put("network.target", 128 * MIB);
        values.put("network.used", 20 * MIB);
        values.put("cgroup.limit", 2048 * MIB);
        values.put("cgroup.usage", 900 * MIB);
        values.put("baseline.limit", 2048 * MIB);
        try {
            Files.deleteIfExists(socket);
            server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        threads.execute(this::accept);
    }

    /** Commands that changed something, oldest first, such as {@code heap 536870912}. */
    public List<String> commands() {
        return List.copyOf(commands);
    }

    public long get(String key) {
        return values.get(key);
    }

    public FakeAgent set(String key, long value) {
        values.put(key, value);
        return this;
    }

    /** From now on, {@code command} is answered by these lines. */
    public FakeAgent answer(String command, String lines) {
        answers.put(command, lines);
        return this;
    }

    public FakeAgent answerAsUsual(String command) {
        answers.remove(command);
        return this;
    }

    public FakeAgent withoutNetwork() {
        network = false;
        return this;
    }

    /** Called with each command that has changed something. */
    public FakeAgent afterwards(Consumer<String> action) {
        done = action;
        return this;
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel channel = server.accept();
                threads.execute(() -> serve(channel));
            }
        } catch (AsynchronousCloseException e) {
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void serve(SocketChannel channel) {
        try (channel;
                BufferedReader in = new BufferedReader(
                        new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
                OutputStream out = Channels.newOutputStream(channel)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String answer = answer(line);
                if (answer.equals("silence\n")) {
                    continue;
                }
                if (answer.equals("hang up\n")) {
                    return;
                }
                out.write((answer + "\n").getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        } catch (IOException e) {
            return; // the client went away
        }
    }

    private String answer(String line) {
        String[] words = line.split(" ");
        if (words.length < 2 || !words[0].equals("HOLDFAST/1")) {
            return "error version not version 1\n";
        }
        String command = words[1];
        if (answers.containsKey(command)) {
            return answers.get(command) + "\n";
        }
        long bytes = number(words, "bytes");
        return switch (command) {
            case "hello" ->
                "ok\nprotocol.min=1\nprotocol.max=1\nagent.version=0.1\nagent.started=%d\njvm.pid=1\njvm.version=25\n"
                        .formatted(get("agent.started"));
            case "status" -> status();
            case "heap" -> changed("heap.ceiling", bytes, "heap " + bytes);
            case "direct" -> changed("direct.limit", bytes, "direct " + bytes);
            case "network" -> changed("network.target", bytes, "network " + bytes);
            case "trim", "live" -> changed("", 0, command);
            default -> "error unknown-command there is no command " + command + "\n";
        };
    }

    private String changed(String key, long bytes, String command) {
        if (!key.isEmpty()) {
            values.put(key, bytes);
        }
        commands.add(command);
        done.accept(command);
        return "ok\n";
    }

    private String status() {
        StringBuilder text =
                new StringBuilder("ok\nheap.ceiling.hard=true\nheap.gave-way=0\nbaseline.heap=%d\nbaseline.direct=%d\n"
                        .formatted(512 * MIB, 384 * MIB));
        values.forEach((key, value) -> {
            if (!key.equals("agent.started") && !key.startsWith("network")) {
                text.append(key).append('=').append(value).append('\n');
            }
        });
        text.append("direct.floor=%d\nprocess.rss=%d\noperation=none\n".formatted(get("direct.used"), 700 * MIB));
        if (network) {
            text.append("baseline.network=%d\n".formatted(128 * MIB));
            text.append("network.size=%d\nnetwork.target=%1$d\n".formatted(get("network.target")));
            text.append("network.used=%d\nnetwork.floor=%d\nnetwork.min=%d\nnetwork.max=%d\nnetwork.debt=0\n"
                    .formatted(get("network.used"), 10 * MIB, 64 * MIB, 1024 * MIB));
        }
        return text.toString();
    }

    private static long number(String[] words, String key) {
        for (String word : words) {
            if (word.startsWith(key + "=")) {
                return Long.parseLong(word.substring(key.length() + 1));
            }
        }
        return -1;
    }

    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        threads.shutdownNow();
    }
}
