package org.apache.flink.runtime.io.network.partition.consumer;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.runtime.event.TaskEvent;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.partition.consumer.InputChannel.BufferAndAvailability;

/** A link to no producer: brings what it is given, and remembers what it was asked to do. */
final class FakeLink implements HoldfastLink {

    private final ArrayDeque<Buffer> received = new ArrayDeque<>();
    private final List<String> asked = new ArrayList<>();
    private int word;
    private Runnable whenPolled = () -> {};
    private IOException brokenBy;

    /** {@code buffer} has arrived. */
    FakeLink received(Buffer buffer) {
        received.add(buffer);
        return this;
    }

    /** What it brings comes with this {@code SequenceWord}. */
    FakeLink withWord(int sequenceWord) {
        word = sequenceWord;
        return this;
    }

    /** Reading fails from now on. */
    void breaksBecauseOf(IOException cause) {
        brokenBy = cause;
    }

    /** {@code action} is done at the end of each look at it. */
    void whenPolled(Runnable action) {
        whenPolled = action;
    }

    /** What it was asked since this was last asked. */
    List<String> asked() {
        List<String> all = List.copyOf(asked);
        asked.clear();
        return all;
    }

    @Override
    public void open() {
        asked.add("open");
    }

    @Override
    public Optional<BufferAndAvailability> poll() throws IOException {
        if (brokenBy != null) {
            throw brokenBy;
        }
        Buffer next = received.poll();
        whenPolled.run();
        if (next == null) {
            return Optional.empty();
        }
        Buffer.DataType after =
                received.isEmpty() ? Buffer.DataType.NONE : received.peek().getDataType();
        return Optional.of(new BufferAndAvailability(next, after, 0, word));
    }

    @Override
    public boolean holdsBuffers() {
        return !received.isEmpty();
    }

    @Override
    public Throwable failure() {
        return brokenBy;
    }

    @Override
    public void resume() {
        asked.add("resume");
    }

    @Override
    public void acknowledge() {
        asked.add("acknowledge");
    }

    @Override
    public void send(TaskEvent event) {
        asked.add("send");
    }

    @Override
    public void announce(int bufferSize) {
        asked.add("announce");
    }

    @Override
    public void close() {
        asked.add("close");
        received.forEach(Buffer::recycleBuffer);
        received.clear();
    }

    @Override
    public InputChannel channel() {
        throw new UnsupportedOperationException("A fake link has no channel");
    }
}
