package org.apache.flink.runtime.io.network.partition;

import io.holdfast.flink.exchange.AttachedEvent;
import io.holdfast.flink.exchange.RecordScanner;
import io.holdfast.flink.exchange.SequenceWord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.event.AbstractEvent;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.serialization.EventSerializer;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.partition.ResultSubpartition.BufferAndBacklog;

/** The receiving end of one attachment to a {@link ProducingTask}. Gives every buffer back as soon as it was read. */
final class ReadingTask implements BufferAvailabilityListener {

    private final ResultSubpartitionView view;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final List<AbstractEvent> events = new ArrayList<>();
    private final RecordScanner scanner = new RecordScanner();
    private int buffersRead;
    private int notifications;
    private int nextSequenceNumber;
    private int counted;
    private boolean frozen;

    /** Attaches to {@code producer}. */
    ReadingTask(ProducingTask producer) throws IOException {
        this(producer, 0);
    }

    /** Attaches to a subpartition of {@code producer}. */
    ReadingTask(ProducingTask producer, int subpartition) throws IOException {
        view = producer.partition().createSubpartitionView(subpartition, this);
    }

    @Override
    public void notifyDataAvailable(ResultSubpartitionView source) {
        notifications++;
    }

    ResultSubpartitionView view() {
        return view;
    }

    int notifications() {
        return notifications;
    }

    /** From now on it aligns no barrier, until it is thawed. */
    ReadingTask frozen() {
        frozen = true;
        return this;
    }

    /** It goes on behind the barrier where it stands. */
    ReadingTask thawed() {
        frozen = false;
        view.resumeConsumption();
        return this;
    }

    /** Reads what there is. Barriers are aligned at once. */
    ReadingTask read() throws IOException {
        while (readOne()) {
            // until nothing is left
        }
        return this;
    }

    /** Reads one buffer or event; false if there is none. */
    boolean readOne() throws IOException {
        BufferAndBacklog next = view.getNextBuffer();
        if (next == null) {
            return false;
        }
        int word = next.getSequenceNumber();
        if (!SequenceWord.is(word, nextSequenceNumber++)) { // or Flink's remote channel fails
            throw new IOException("buffer %d has sequence word %x".formatted(nextSequenceNumber - 1, word));
        }
        Buffer buffer = next.buffer();
        buffersRead++;
        if (buffer.isBuffer()) {
            byte[] content = new byte[buffer.readableBytes()];
            buffer.getNioBufferReadable().get(content);
            bytes.write(content);
            follow(content, SequenceWord.records(word));
        } else {
            AbstractEvent event = EventSerializer.fromBuffer(buffer, getClass().getClassLoader());
            events.add(event);
            if (event instanceof CheckpointBarrier) {
                if (!frozen) {
                    view.resumeConsumption();
                }
            } else if (event instanceof AttachedEvent greeting) {
                scanner.begin(greeting.watermark(), greeting.idle());
            }
        }
        buffer.recycleBuffer();
        return true;
    }

    /** What the producer says of a buffer, if it says anything, must be what is in it. */
    private void follow(byte[] content, int told) throws IOException {
        boolean whole = !scanner.midRecord();
        long recordsBefore = scanner.position().records();
        long watermarkBefore = scanner.watermark();
        boolean idleBefore = scanner.idle();
        scanner.scan(ByteBuffer.wrap(content));
        if (told == SequenceWord.UNKNOWN) {
            return;
        }
        counted++;
        if (!whole
                || scanner.midRecord()
                || scanner.position().records() != recordsBefore + told
                || scanner.watermark() != watermarkBefore
                || scanner.idle() != idleBefore) {
            throw new IOException("buffer %d is said to hold %d records".formatted(nextSequenceNumber - 1, told));
        }
    }

    /** Buffers of which the producer said how many records they hold. */
    int counted() {
        return counted;
    }

    /** The task ends, or its connection does. */
    void leave() throws IOException {
        view.releaseAllResources();
    }

    long bytesRead() {
        return bytes.size();
    }

    int buffersRead() {
        return buffersRead;
    }

    List<AbstractEvent> events() {
        return events;
    }

    /** The first thing that was read, which must be a greeting. */
    AttachedEvent greeting() {
        return (AttachedEvent) events.get(0);
    }

    /** Numbers of the records that were read in full, in order. */
    List<Long> records() {
        List<Long> numbers = new ArrayList<>();
        ByteBuffer all = ByteBuffer.wrap(bytes.toByteArray());
        while (all.remaining() >= 4 && all.remaining() >= 4 + all.getInt(all.position())) {
            int length = all.getInt();
            ByteBuffer element = all.slice(all.position(), length);
            if (element.get() <= 1) {
                numbers.add(element.getLong());
            }
            all.position(all.position() + length);
        }
        return numbers;
    }

    /** Whether what was read ends in the middle of a record. */
    boolean endsMidRecord() {
        return scanner.midRecord();
    }
}
