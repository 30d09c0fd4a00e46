package io.holdfast.flink.exchange;

import java.nio.ByteBuffer;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.buffer.FreeingBufferRecycler;
import org.apache.flink.runtime.io.network.buffer.NetworkBuffer;

/**
 * Stream elements that a channel says on behalf of a producer, in Flink's own format ({@code StreamElementSerializer},
 * read at 2.2.1 and 2.3.0). Any thread; the caller owns the buffers, which are on the heap.
 */
public final class StreamElements {

    private static final byte TAG_WATERMARK = 2;
    private static final byte TAG_WATERMARK_STATUS = 4;

    private StreamElements() {}

    /** A watermark of {@code timestamp} milliseconds. */
    public static Buffer watermark(long timestamp) {
        return buffer(ByteBuffer.allocate(13).putInt(9).put(TAG_WATERMARK).putLong(timestamp));
    }

    /** "This producer takes part in the watermark again." */
    public static Buffer active() {
        return status(0);
    }

    /** "This producer is idle; do not wait for its watermarks." */
    public static Buffer idle() {
        return status(-1);
    }

    private static Buffer status(int code) {
        return buffer(ByteBuffer.allocate(9).putInt(5).put(TAG_WATERMARK_STATUS).putInt(code));
    }

    private static Buffer buffer(ByteBuffer element) {
        return new NetworkBuffer(
                MemorySegmentFactory.wrap(element.array()),
                FreeingBufferRecycler.INSTANCE,
                Buffer.DataType.DATA_BUFFER,
                element.capacity());
    }
}
