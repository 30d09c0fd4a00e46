package io.holdfast.agent.control;

import io.holdfast.agent.report.AgentLog;
import io.holdfast.agent.report.ErrorCode;
import io.holdfast.agent.report.LogGate;
import io.holdfast.agent.report.Rounds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;

/** Serves the socket with one thread, which never waits for a peer or for an operation. */
public final class ControlSocket {
    private static final int MOST_CONNECTIONS = 8;
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long TICK_MILLIS = 1_000;
    private static final long ERROR_PAUSE_MILLIS = 100;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final SocketFile file;
    private final RequestHandler handler;
    private final AgentLog log;
    private final LongSupplier nanoClock;
    private final LogGate refusals;
    private final Selector selector;
    private final List<Connection> connections = new ArrayList<>();
    private final AtomicReference<Mode> wanted = new AtomicReference<>(Mode.SERVING);
    private final Thread thread;
    private final UserPrincipal owner;

    private volatile Mode mode = Mode.PAUSED;

    private enum Mode {
        SERVING,
        /** Another may take the socket; answers are still written. */
        PAUSED,
        /** The same, until the last answer is out. */
        ENDING
    }

    /** @param nanoClock for how long a connection was idle */
    public ControlSocket(SocketFile file, RequestHandler handler, LongSupplier nanoClock, AgentLog log) {
        Objects.requireNonNull(ExtendedSocketOptions.SO_PEERCRED); // fails now if this Java has no module jdk.net
        this.file = file;
        this.handler = handler;
        this.nanoClock = nanoClock;
        this.refusals = new LogGate(nanoClock);
        this.log = log;
        try {
            selector = Selector.open();
            owner = Files.getOwner(file.path());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        thread = new Thread(null, this::run, "holdfast-agent-socket", 0, false);
        thread.setDaemon(true);
    }

    public SocketFile file() {
        return file;
    }

    /** Begins to serve. */
    public void start() {
        thread.start();
    }

    /** Stops to accept and to read, and returns when another may serve the socket. */
    public void pause() {
        set(Mode.PAUSED);
        while (mode != Mode.PAUSED && thread.isAlive()) {
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    /** Ends a pause. */
    public void resume() {
        set(Mode.SERVING);
    }

    /** Ends for good once the answers that are owed have been written. The file stays. */
    public void end() {
        if (thread.getState() == Thread.State.NEW) {
            closeSelector(); // it never served
            return;
        }
        set(Mode.ENDING);
    }

    private void set(Mode next) {
        wanted.set(next);
        selector.wakeup();
    }

    private void run() {
        new Rounds(this::round, "Control socket failed", log).run();
        closeSelector();
    }

    private boolean round() throws IOException {
        follow(wanted.get());
        serveAll();
        if (mode == Mode.ENDING && connections.isEmpty()) {
            return false;
        }
        if (connections.stream().anyMatch(Connection::hasMore)) {
            selector.selectNow(this::accept);
        } else {
            selector.select(this::accept, TICK_MILLIS);
        }
        return true;
    }

    private void serveAll() {
        long now = nanoClock.getAsLong();
        for (Connection connection : List.copyOf(connections)) {
            serve(connection, now);
        }
    }

    private void serve(Connection connection, long now) {
        boolean open = connection.advance(handler, mode == Mode.SERVING, now);
        boolean idle = !connection.busy() && now - connection.activeNanos() > IDLE_NANOS;
        boolean stuck = connection.busy()
                && connection.key().interestOps() == SelectionKey.OP_WRITE
                && now - connection.activeNanos() > IDLE_NANOS; // a peer that does not read
        if (!open || idle || stuck || mode == Mode.ENDING && !connection.busy()) {
            connection.close();
            connections.remove(connection);
        }
    }

    private void follow(Mode next) throws IOException {
        if (next == mode) {
            return;
        }
        SelectionKey accepting = file.channel().keyFor(selector);
        if (next == Mode.SERVING) {
            file.channel().register(selector, SelectionKey.OP_ACCEPT);
        } else if (accepting != null) {
            accepting.cancel();
            selector.selectNow(); // only now is the channel free of this selector
        }
        if (next != Mode.SERVING) {
            connections.stream()
                    .filter(each -> !each.busy())
                    .forEach(each -> each.key().interestOps(0));
        }
        mode = next;
    }

    private void accept(SelectionKey ready) {
        if (!ready.isValid() || !ready.isAcceptable()) {
            return; // a connection: each is looked at anyway
        }
        try {
            SocketChannel channel = file.channel().accept();
            if (channel != null) {
                welcome(channel);
            }
        } catch (IOException e) {
            pauseAfterError(); // out of file descriptors, or the peer went away
        }
    }

    private void welcome(SocketChannel channel) throws IOException {
        boolean kept = false;
        try {
            channel.configureBlocking(false);
            Answer refusal = refusal(channel);
            if (refusal != null) {
                channel.write(ByteBuffer.wrap(refusal.encoded()));
                return;
            }
            SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
            connections.add(new Connection(channel, key, selector::wakeup, nanoClock.getAsLong()));
            kept = true;
        } finally {
            if (!kept) {
                channel.close();
            }
        }
    }

    private Answer refusal(SocketChannel channel) throws IOException {
        UnixDomainPrincipal peer = channel.getOption(ExtendedSocketOptions.SO_PEERCRED);
        if (!peer.user().equals(owner)) {
            if (refusals.opens(peer.user().getName())) {
                log.warn("Peer refused", "user", peer.user().getName());
            }
            return Answer.error(
                    ErrorCode.FORBIDDEN,
                    "This agent runs as user " + owner.getName() + " and serves no other. Run as the same user.");
        }
        if (connections.size() >= MOST_CONNECTIONS) {
            serveAll(); // some may have ended
        }
        if (connections.size() >= MOST_CONNECTIONS) {
            return Answer.error(
                    ErrorCode.TOO_MANY_CONNECTIONS,
                    "All " + MOST_CONNECTIONS + " connections are taken. Close one, or try again later.");
        }
        return null;
    }

    private static void pauseAfterError() {
        try {
            Thread.sleep(ERROR_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeSelector() {
        try {
            selector.close();
        } catch (IOException e) {
            return; // nothing is registered any more
        }
    }
}
