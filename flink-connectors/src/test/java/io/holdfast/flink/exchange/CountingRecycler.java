package io.holdfast.flink.exchange;

import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.buffer.BufferRecycler;
import org.apache.flink.runtime.io.network.buffer.NetworkBuffer;

/** Hands out network buffers and counts how many came back. */
final class CountingRecycler implements BufferRecycler {

    private int handedOut;
    private int recycled;

    /** A buffer that holds {@code content} behind {@code skipped} bytes that were read before. */
    Buffer buffer(byte[] content, int skipped) {
        handedOut++;
        MemorySegment segment = MemorySegmentFactory.allocateUnpooledSegment(skipped + content.length + 8);
        segment.put(skipped, content);
        Buffer buffer = new NetworkBuffer(segment, this, Buffer.DataType.DATA_BUFFER, skipped + content.length);
        buffer.setReaderIndex(skipped);
        return buffer;
    }

    @Override
    public void recycle(MemorySegment segment) {
        recycled++;
    }

    int handedOut() {
        return handedOut;
    }

    int recycled() {
        return recycled;
    }
}
