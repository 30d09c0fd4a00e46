package org.apache.flink.runtime.io.network.partition;

import io.holdfast.flink.exchange.AttachedEvent;
import io.holdfast.flink.exchange.RecordScanner;
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
    private int buffersRead;
    private int notifications;
    private int nextSequenceNumber;

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
        if (next.getSequenceNumber() != nextSequenceNumber++) { // or Flink's remote channel fails
            throw new IOException(
                    "buffer %d has sequence number %d".formatted(nextSequenceNumber - 1, next.getSequenceNumber()));
        }
        Buffer buffer = next.buffer();
        buffersRead++;
        if (buffer.isBuffer()) {
            byte[] content = new byte[buffer.readableBytes()];
            buffer.getNioBufferReadable().get(content);
            bytes.write(content);
        } else {
            events.add(EventSerializer.fromBuffer(buffer, getClass().getClassLoader()));
            if (events.get(events.size() - 1) instanceof CheckpointBarrier) {
                view.resumeConsumption();
            }
        }
        buffer.recycleBuffer();
        return true;
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
        RecordScanner scanner = new RecordScanner();
        scanner.scan(ByteBuffer.wrap(bytes.toByteArray()));
        return scanner.midRecord();
    }
}
