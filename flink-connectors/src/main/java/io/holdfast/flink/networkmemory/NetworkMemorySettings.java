package io.holdfast.flink.networkmemory;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.flink.config.HoldfastOptions;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;

/**
 * Size of the network memory at start, and its bounds.
 *
 * @param segmentBytes of a network buffer
 * @param slabBytes what is taken and given back as a whole
 * @param initial segments at start
 * @param min least segments
 * @param max most segments
 */
public record NetworkMemorySettings(int segmentBytes, int slabBytes, int initial, int min, int max) {

    /** Small enough to be free now and then, large enough to be worth a system call. */
    static final int SLAB_BYTES = 4 << 20;

    /** What a bound is, if it is not configured, compared with the size at start. */
    private static final int FACTOR = 4;

    /**
     * Any thread.
     *
     * @throws HoldfastException {@link Disposition#FATAL} if the size at start is out of its bounds
     */
    public static NetworkMemorySettings of(ReadableConfig configuration, int initial, int segmentBytes) {
        long min = segments(configuration, HoldfastOptions.NETWORK_MEMORY_MIN, initial / FACTOR, segmentBytes);
        long max = segments(configuration, HoldfastOptions.NETWORK_MEMORY_MAX, (long) initial * FACTOR, segmentBytes);
        List<String> problems = new ArrayList<>();
        if (min > initial) {
            problems.add(HoldfastOptions.NETWORK_MEMORY_MIN.key() + " must not be more");
        }
        if (max < initial) {
            problems.add(HoldfastOptions.NETWORK_MEMORY_MAX.key() + " must not be less");
        }
        if (!problems.isEmpty()) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "Network memory has %d bytes at start: %s"
                            .formatted((long) initial * segmentBytes, String.join(", ", problems)),
                    "Correct the holdfast option, or taskmanager.memory.network.* which is the size at start");
        }
        return new NetworkMemorySettings(
                segmentBytes, SLAB_BYTES, initial, (int) Math.max(1, min), (int) Math.min(max, Integer.MAX_VALUE));
    }

    private static long segments(
            ReadableConfig configuration, ConfigOption<MemorySize> option, long otherwise, int segmentBytes) {
        long bytes = configuration.get(option).getBytes();
        return bytes == 0 ? otherwise : bytes / segmentBytes;
    }

    /** Any thread. */
    public long bytes(int segments) {
        return (long) segments * segmentBytes;
    }

    /**
     * Any thread. So many segments hold {@code bytes}.
     *
     * @throws IllegalArgumentException if they are out of bounds
     */
    public int within(long bytes) {
        if (bytes < bytes(min)) {
            throw new IllegalArgumentException(
                    "Network memory of %d bytes is less than its least size of %d. Ask for more, or lower %s"
                            .formatted(bytes, bytes(min), HoldfastOptions.NETWORK_MEMORY_MIN.key()));
        }
        if (bytes > bytes(max)) {
            throw new IllegalArgumentException(
                    "Network memory of %d bytes is more than its greatest size of %d. Ask for less, or raise %s"
                            .formatted(bytes, bytes(max), HoldfastOptions.NETWORK_MEMORY_MAX.key()));
        }
        return (int) ((bytes + segmentBytes - 1) / segmentBytes);
    }
}
