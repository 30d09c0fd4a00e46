package org.apache.flink.runtime.io.network.partition;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import javax.annotation.Nullable;
import org.apache.flink.runtime.io.network.buffer.BufferBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The buffers that a partition writes to. Ends them between two records where Flink would split one over two buffers:
 * nothing need be put together again then, and whoever is told how many records a buffer holds need not look into it.
 * Records that are long compared to a buffer are split as ever.
 *
 * <p>Flink class: {@link BufferWritingResultPartition}, whose buffers and way to finish them are private, read at 2.2.1
 * and 2.3.0. Under a version that has others records are split, and buffers are looked into.
 *
 * <p>Task thread.
 */
final class HoldfastOpenBuffers {

    private static final Logger LOG = LoggerFactory.getLogger(HoldfastOpenBuffers.class);

    /** A record may leave the end of a buffer empty if it is not longer than that buffer divided by this. */
    private static final int BUFFER_PER_RECORD = 16;

    /** Ways to what is private; null under a version that names it otherwise. */
    private static final @Nullable Access ACCESS = Access.find();

    private record Access(
            VarHandle unicast, VarHandle broadcast, MethodHandle finishUnicast, MethodHandle finishBroadcast) {

        static @Nullable Access find() {
            Class<?> type = BufferWritingResultPartition.class;
            try {
                Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
                return new Access(
                        lookup.findVarHandle(type, "unicastBufferBuilders", BufferBuilder[].class),
                        lookup.findVarHandle(type, "broadcastBufferBuilder", BufferBuilder.class),
                        lookup.findVirtual(
                                type, "finishUnicastBufferBuilder", MethodType.methodType(void.class, int.class)),
                        lookup.findVirtual(type, "finishBroadcastBufferBuilder", MethodType.methodType(void.class)));
            } catch (ReflectiveOperationException e) {
                LOG.warn("This Flink's buffers cannot be ended between records, which costs throughput", e);
                return null;
            }
        }
    }

    private final BufferWritingResultPartition partition;
    private final int bufferBytes;
    private final int longestRecord;
    private final @Nullable BufferBuilder[] unicast;

    /** TaskExecutor main thread. {@code bufferBytes}: what a network buffer holds. */
    HoldfastOpenBuffers(BufferWritingResultPartition partition, int bufferBytes) {
        this.partition = partition;
        this.bufferBytes = bufferBytes;
        longestRecord = ACCESS == null ? 0 : bufferBytes / BUFFER_PER_RECORD;
        unicast = ACCESS == null ? null : (BufferBuilder[]) ACCESS.unicast.get(partition);
    }

    /** Whether buffers are ended between records. */
    static boolean areAligned() {
        return ACCESS != null;
    }

    /** A record of {@code bytes}, with its length prefix, is written to {@code subpartition} next. */
    void next(int bytes, int subpartition) {
        if (bytes <= longestRecord && splits(unicast[subpartition], bytes)) {
            try {
                ACCESS.finishUnicast.invokeExact(partition, subpartition);
            } catch (Throwable e) {
                throw unchecked(e);
            }
        }
    }

    /** A record of {@code bytes}, with its length prefix, is written to all subpartitions next. */
    void nextForAll(int bytes) {
        if (bytes <= longestRecord && splits((BufferBuilder) ACCESS.broadcast.get(partition), bytes)) {
            try {
                ACCESS.finishBroadcast.invokeExact(partition);
            } catch (Throwable e) {
                throw unchecked(e);
            }
        }
    }

    private boolean splits(@Nullable BufferBuilder open, int bytes) {
        return open != null
                && open.getWritableBytes() < bytes
                && bytes <= open.getMaxCapacity() / BUFFER_PER_RECORD
                && !grows(open);
    }

    /** Flink lets a buffer that was made smaller than it could be take the record, if there is no other one at once. */
    private boolean grows(BufferBuilder open) {
        return open.getMaxCapacity() < bufferBytes && !partition.bufferPool.isAvailable();
    }

    private static RuntimeException unchecked(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return (RuntimeException) cause; // Flink's methods declare no other
    }
}
