package io.holdfast.agent.control;

import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;

/**
 * One peer: a request at a time, the next is not read before the answer was written. Used by the socket's thread only,
 * but for {@link #answered}.
 */
final class Connection {
    private static final int MOST_REQUESTS = 16;

    private final SocketChannel channel;
    private final SelectionKey key;
    private final Runnable wake;
    private final Consumer<Answer> reply = this::answered;
    private final ByteBuffer input = ByteBuffer.allocate(Request.MOST_BYTES + 1);

    private volatile Answer answer;
    private ByteBuffer output;
    private boolean waiting;
    private boolean closing;
    private boolean more;
    private long activeNanos;

    Connection(SocketChannel channel, SelectionKey key, Runnable wake, long nowNanos) {
        this.channel = channel;
        this.key = key;
        this.wake = wake;
        this.activeNanos = nowNanos;
    }

    /** Any thread: the answer to the request that was handled last. */
    private void answered(Answer given) {
        answer = given;
        wake.run();
    }

    /** Does what can be done without waiting. Returns false once the connection is over. */
    boolean advance(RequestHandler handler, boolean accepting, long nowNanos) {
        more = false;
        try {
            for (int requests = 0; ; ) {
                if (!flushed(nowNanos)) {
                    key.interestOps(waiting ? 0 : SelectionKey.OP_WRITE);
                    return true;
                }
                if (closing) {
                    return false;
                }
                if (!accepting) {
                    key.interestOps(0);
                    return true;
                }
                byte[] line = nextLine();
                if (line != null) {
                    handle(line, handler);
                    if (++requests == MOST_REQUESTS) { // the others' turn
                        more = true;
                        return true;
                    }
                } else if (closing) {
                    continue; // too long: the answer is to be written
                } else {
                    int read = channel.read(input);
                    if (read < 0) {
                        return false;
                    }
                    if (read == 0) {
                        key.interestOps(SelectionKey.OP_READ);
                        return true;
                    }
                    activeNanos = nowNanos;
                }
            }
        } catch (IOException e) {
            return false; // the peer went away
        }
    }

    /** Returns since when nothing has happened, on the socket's clock. */
    long activeNanos() {
        return activeNanos;
    }

    /** Returns whether it has more to do than it did, and waits for nobody. */
    boolean hasMore() {
        return more;
    }

    /** Returns whether a request is being worked on, or its answer is not out yet. */
    boolean busy() {
        return waiting || output != null;
    }

    SelectionKey key() {
        return key;
    }

    void close() {
        key.cancel();
        try {
            channel.close();
        } catch (IOException e) {
            return; // gone is gone
        }
    }

    private boolean flushed(long nowNanos) throws IOException {
        if (waiting) {
            Answer given = answer;
            if (given == null) {
                return false;
            }
            output = ByteBuffer.wrap(given.encoded()); // without memory for it the answer stays owed
            answer = null;
            waiting = false;
            closing |= given.closes();
        }
        if (output != null) {
            activeNanos = channel.write(output) > 0 ? nowNanos : activeNanos;
            if (output.hasRemaining()) {
                return false;
            }
            output = null;
        }
        return true;
    }

    /** Takes a whole line out of the input; null if there is none. */
    private byte[] nextLine() {
        for (int index = 0; index < input.position(); index++) {
            if (input.get(index) == '\n') {
                byte[] line = new byte[index];
                input.flip().get(line).get();
                input.compact();
                return line;
            }
        }
        if (!input.hasRemaining()) {
            waiting = true;
            closing = true;
            answer = Answer.error(
                    ErrorCode.TOO_LONG,
                    "The line is longer than " + Request.MOST_BYTES + " bytes. The connection is closed.");
        }
        return null;
    }

    private void handle(byte[] line, RequestHandler handler) {
        waiting = true;
        try {
            handler.handle(Request.parse(line), reply);
        } catch (Throwable e) { // whatever it is, the peer waits
            reply.accept(failure(e));
        }
    }

    private static Answer failure(Throwable e) {
        try {
            return e instanceof AgentException refusal ? Answer.of(refusal) : Answer.failed(e);
        } catch (OutOfMemoryError none) {
            return Answer.NO_MEMORY;
        }
    }
}
