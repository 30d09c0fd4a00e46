package io.holdfast.resize.agent;

import io.holdfast.resize.plan.TaskManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Speaks with the agent. Each call opens a connection: a TaskManager that restarts between two calls is no special case.
 *
 * <p>Thread-safe.
 */
public final class AgentClient {
    private static final Duration QUICK = Duration.ofSeconds(2);

    /** More than a command may take by its own account, for its answer to arrive. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final Supplier<List<Path>> sockets;

    /** @param sockets where the agent may listen, the likeliest first */
    public AgentClient(Supplier<List<Path>> sockets) {
        this.sockets = sockets;
    }

    /** What the JVM is like now. Answered even while it is being resized. */
    public TaskManager status() throws IOException, AgentRefusal {
        try (AgentConnection connection = connect()) {
            Map<String, String> hello = connection.ask("hello", QUICK);
            AgentAnswers.requireProtocol(hello);
            return AgentAnswers.taskManager(hello, connection.ask("status", QUICK));
        }
    }

    public void heap(long bytes, Duration timeout) throws IOException, AgentRefusal {
        tell("heap bytes=%d timeout-ms=%d".formatted(bytes, timeout.toMillis()), timeout);
    }

    public void direct(long bytes, Duration timeout) throws IOException, AgentRefusal {
        tell("direct bytes=" + bytes, timeout);
    }

    public void network(long bytes, Duration timeout) throws IOException, AgentRefusal {
        tell("network bytes=%d timeout-ms=%d".formatted(bytes, timeout.toMillis()), timeout);
    }

    public void trim(Duration timeout) throws IOException, AgentRefusal {
        tell("trim", timeout);
    }

    public void live(Duration timeout) throws IOException, AgentRefusal {
        tell("live", timeout);
    }

    private void tell(String command, Duration timeout) throws IOException, AgentRefusal {
        try (AgentConnection connection = connect()) {
            connection.ask(command, timeout.plus(GRACE));
        }
    }

    private AgentConnection connect() throws IOException {
        List<Path> candidates = sockets.get();
        IOException refused = null;
        for (Path socket : candidates) {
            if (Files.exists(socket)) {
                try {
                    return AgentConnection.to(socket);
                } catch (IOException e) { // a file that an ended JVM has left, say
                    refused = refused == null ? e : refused;
                }
            }
        }
        throw refused != null ? refused : new IOException("There is no socket at " + candidates.get(0));
    }
}
