package io.holdfast.resize.agent;

import io.holdfast.resize.observe.TaskManagerProcess;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the agent into the TaskManager if nobody else has, and knows where it then listens. Tried with growing pauses; a
 * reason that does not change is told once.
 *
 * <p>Not thread-safe, except for {@link #sockets()}.
 */
public final class Attaching {
    private static final Logger LOG = LoggerFactory.getLogger(Attaching.class);
    private static final Path SHARED_TMP = Path.of("/");
    private static final String SOCKET = "holdfast-agent.sock";
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(5);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

    private final Path configured;
    private final AgentLoader loader;
    private final Path proc;
    private final LongSupplier nanoClock;
    private final boolean on;
    private volatile Optional<Path> attached = Optional.empty();
    private Duration pause = FIRST_PAUSE;
    private long againNanos;
    private String told = "";

    /**
     * @param configured where the agent is expected to listen
     * @param proc where {@code /proc} is
     * @param on whether to do anything
     */
    public Attaching(Path configured, AgentLoader loader, Path proc, LongSupplier nanoClock, boolean on) {
        this.configured = configured;
        this.loader = loader;
        this.proc = proc;
        this.nanoClock = nanoClock;
        this.on = on;
        this.againNanos = nanoClock.getAsLong() + FIRST_PAUSE.toNanos(); // one that is preloaded comes first
    }

    /** Where the agent may listen, the likeliest first. Any thread. */
    public List<Path> sockets() {
        List<Path> sockets = new ArrayList<>(List.of(configured));
        attached.ifPresent(sockets::add);
        return sockets;
    }

    /** Tries, if it is time to. Called while no agent answers. */
    public void tryNow() {
        if (!on || nanoClock.getAsLong() - againNanos < 0) {
            return;
        }
        try {
            attach();
            told = "";
            pause = FIRST_PAUSE;
        } catch (IOException e) {
            if (!told.equals(e.getMessage())) {
                told = e.getMessage();
                LOG.warn(
                        "Agent not attached: reason={}. Tried again with growing pauses; start the TaskManager with"
                                + " -javaagent to do without",
                        e.getMessage());
            }
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
        againNanos = nanoClock.getAsLong() + pause.toNanos();
    }

    private void attach() throws IOException {
        Optional<TaskManagerProcess> process = TaskManagerProcess.find(proc);
        if (process.isPresent()) {
            TaskManagerProcess target = process.get();
            Path socket = socketIn(target.root());
            loader.load(target, "socket=" + socket);
            attached = Optional.of(inside(target.root(), socket));
            LOG.info("Agent attached: pid={} socket={}", target.pid(), socket);
            return;
        }
        Path listener = listenerInSharedTmp()
                .orElseThrow(() ->
                        new IOException("No TaskManager is to be seen: give the pod a shared process namespace, or"
                                + " a shared /tmp and -XX:+StartAttachListener"));
        Path socket = Path.of("/tmp", SOCKET);
        loader.load(listener, SHARED_TMP, "socket=" + socket);
        attached = Optional.of(socket);
        LOG.info("Agent attached: listener={} socket={}", listener, socket);
    }

    /** The configured path where the target has its directory, else one that every target has. */
    private Path socketIn(Path root) {
        Path directory = configured.getParent();
        return directory != null && Files.isDirectory(inside(root, directory)) ? configured : Path.of("/tmp", SOCKET);
    }

    private static Path inside(Path root, Path path) {
        return root.resolve(Path.of("/").relativize(path));
    }

    private static Optional<Path> listenerInSharedTmp() throws IOException {
        try (DirectoryStream<Path> sockets = Files.newDirectoryStream(SHARED_TMP.resolve("tmp"), ".java_pid*")) {
            for (Path socket : sockets) {
                return Optional.of(socket);
            }
        }
        return Optional.empty();
    }
}
