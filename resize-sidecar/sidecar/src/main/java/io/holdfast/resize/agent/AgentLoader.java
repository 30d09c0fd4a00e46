package io.holdfast.resize.agent;

import io.holdfast.resize.observe.TaskManagerProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Loads the agent into a JVM that was started without it, by HotSpot's attach protocol: version 1 of it, a request of five
 * texts that end with 0, over a unix socket {@code /tmp/.java_pidN} that the JVM opens when it is asked to, or from its start
 * with {@code -XX:+StartAttachListener}. It is asked by a file {@code .attach_pidN} in its working directory, and SIGQUIT.
 */
public final class AgentLoader {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration ANSWER = Duration.ofSeconds(30);
    private static final int MOST_BYTES = 64 * 1024;

    private final Path jar;

    /** @param jar of the agent, readable here */
    public AgentLoader(Path jar) {
        this.jar = jar;
    }

    /**
     * Loads it into {@code target}.
     *
     * @param options of the agent
     * @throws IOException if it cannot be done; the message says why
     */
    public void load(TaskManagerProcess target, String options) throws IOException {
        Path socket = target.root().resolve("tmp/.java_pid" + target.innerPid());
        if (!Files.exists(socket)) {
            trigger(target, socket);
        }
        load(socket, target.root(), options);
    }

    /**
     * Loads it through a socket that a JVM has opened.
     *
     * @param root root directory of the JVM, seen from here
     */
    void load(Path socket, Path root, String options) throws IOException {
        Path copy = copyInto(root.resolve("tmp"));
        String answer = request(socket, "load", "instrument", "false", "/tmp/" + copy.getFileName() + "=" + options);
        String[] lines = answer.split("\n", 2);
        String said = lines.length > 1 ? lines[1].strip() : "";
        boolean done = lines[0].equals("0") && (said.isEmpty() || said.equals("return code: 0"));
        if (!done) { // Java 25 answers 0 where loading is switched off, and says so in words
            throw new IOException("The JVM did not load the agent: " + (said.isEmpty() ? lines[0] : said));
        }
    }

    /** It stays there: the JVM has it open, and the next attempt overwrites it. */
    private Path copyInto(Path directory) throws IOException {
        Path copy = directory.resolve("holdfast-agent.jar");
        Path partial = directory.resolve("holdfast-agent.%s.part".formatted(UUID.randomUUID()));
        try {
            Files.copy(jar, partial, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(partial, PosixFilePermissions.fromString("rw-r--r--"));
            return Files.move(partial, copy, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new IOException("The agent's jar cannot be copied to where the JVM sees it: " + e, e);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private static void trigger(TaskManagerProcess target, Path socket) throws IOException {
        if (!target.catchesQuit()) {
            throw new IOException(
                    "Process %d does not handle SIGQUIT, and would die of it: it is still starting, or has -Xrs"
                            .formatted(target.pid()));
        }
        Path file = triggerFile(target);
        try {
            long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
            Quit.send(target.pid());
            while (!Files.exists(socket)) {
                if (System.nanoTime() - deadlineNanos > 0) {
                    throw new IOException(
                            "The JVM does not listen at %s: it has -XX:+DisableAttachMechanism".formatted(socket));
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted", e);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static Path triggerFile(TaskManagerProcess target) throws IOException {
        String name = ".attach_pid" + target.innerPid();
        for (Path directory :
                new Path[] {target.root().resolveSibling("cwd"), target.root().resolve("tmp")}) {
            Path file = directory.resolve(name);
            try {
                return Files.createFile(file);
            } catch (FileAlreadyExistsException e) {
                return file;
            } catch (IOException e) {
                continue; // a read-only working directory is usual
            }
        }
        throw new IOException(
                "Neither the working directory nor /tmp of process %d can be written to".formatted(target.pid()));
    }

    private static String request(Path socket, String... words) throws IOException {
        ByteBuffer request =
                ByteBuffer.wrap(("1\0" + String.join("\0", words) + "\0").getBytes(StandardCharsets.UTF_8));
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                Selector selector = Selector.open()) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            while (request.hasRemaining()) {
                channel.write(request);
            }
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ);
            return answer(channel, selector);
        }
    }

    private static String answer(SocketChannel channel, Selector selector) throws IOException {
        long deadlineNanos = System.nanoTime() + ANSWER.toNanos();
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        ByteBuffer in = ByteBuffer.allocate(4096);
        while (answer.size() < MOST_BYTES) {
            int read = channel.read(in.clear());
            if (read < 0) {
                return answer.toString(StandardCharsets.UTF_8);
            }
            answer.write(in.array(), 0, read);
            long millis = (deadlineNanos - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                throw new IOException("The JVM has not answered in time");
            }
            if (read == 0) {
                selector.select(millis);
                selector.selectedKeys().clear();
            }
        }
        throw new IOException("The JVM's answer is too long");
    }
}
