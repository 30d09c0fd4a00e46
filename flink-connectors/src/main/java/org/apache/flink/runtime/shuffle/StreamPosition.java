package org.apache.flink.runtime.shuffle;

import java.io.Serializable;

/**
 * A place in the stream that one attempt of a producer sends to one consumer.
 *
 * @param records user records before this place; watermarks and other stream elements are not counted
 * @param bytes serialized bytes before this place, length prefixes and all stream elements included
 */
public record StreamPosition(long records, long bytes) implements Serializable {

    /** Where every attempt begins. */
    public static final StreamPosition START = new StreamPosition(0, 0);

    /** Any thread. What lies between {@code earlier} and this place. */
    public StreamPosition minus(StreamPosition earlier) {
        return new StreamPosition(records - earlier.records, bytes - earlier.bytes);
    }

    /** Any thread. */
    public StreamPosition plus(StreamPosition other) {
        return new StreamPosition(records + other.records, bytes + other.bytes);
    }

    /** Any thread. Whether nothing lies before this place. */
    public boolean isZero() {
        return records == 0 && bytes == 0;
    }
}
