package io.holdfast.flink.exchange;

import java.nio.ByteBuffer;
import org.apache.flink.runtime.shuffle.StreamPosition;

/**
 * Follows the records in a stream of network buffers without deserializing them: it hops from length prefix to length
 * prefix. Knows how many records and bytes passed, whether the stream stands in the middle of a record, and the last
 * watermark and watermark status.
 *
 * <p>Format followed: {@code SpanningRecordSerializer} (a big-endian {@code int} length, then the record) and {@code
 * StreamElementSerializer} (a tag byte first), read at 2.2.1 and 2.3.0. A record may be split anywhere, its length
 * prefix included.
 *
 * <p>Not thread-safe: its owner guards it. No allocation per record.
 */
public final class RecordScanner {

    /** Tag bytes up to this one are user records, with or without timestamp. */
    private static final byte TAG_LAST_RECORD = 1;

    private static final byte TAG_WATERMARK = 2;
    private static final byte TAG_WATERMARK_STATUS = 4;
    private static final byte TAG_INTERNAL_WATERMARK = 6;

    /** Flink's code for a channel that takes part in the watermark; any other value is idle. */
    static final int ACTIVE = 0;

    private static final int IDLE = -1;

    public static final int LENGTH_BYTES = 4;

    /** The longest stream element whose content is of interest: a tag and two longs. */
    private static final int HEAD_BYTES = 17;

    private final byte[] head = new byte[HEAD_BYTES];
    private int headFill;

    private int lengthFill;
    private int length;
    private int missing;
    private boolean inRecord;

    private int firstEnd;

    private long records;
    private long bytes;
    private long watermark;
    private int watermarkStatus;

    /** Follows a stream from its beginning. */
    public RecordScanner() {
        this(StreamPosition.START, Long.MIN_VALUE, false);
    }

    /**
     * Follows a stream from the end of a record on.
     *
     * @param position what has passed before
     * @param watermark the last one that has, in milliseconds
     * @param idle whether the last watermark status that has was idle
     */
    RecordScanner(StreamPosition position, long watermark, boolean idle) {
        this.records = position.records();
        this.bytes = position.bytes();
        begin(watermark, idle);
    }

    /** Before the first byte: which watermark, in milliseconds, and status the stream has come to without this scanner. */
    public void begin(long reachedWatermark, boolean idle) {
        watermark = reachedWatermark;
        watermarkStatus = idle ? IDLE : ACTIVE;
    }

    /** Whether an element with this tag byte is a user's record. */
    public static boolean isRecord(byte tag) {
        return tag <= TAG_LAST_RECORD;
    }

    /**
     * Follows the readable bytes of {@code buffer}, whose position does not move.
     *
     * @return offset in the buffer just behind the last record that ends in it, or -1 if none does
     */
    public int scan(ByteBuffer buffer) {
        int base = buffer.position();
        int position = base;
        int limit = buffer.limit();
        int lastEnd = -1;
        firstEnd = -1;
        while (position < limit) {
            if (!inRecord) {
                if (lengthFill == 0 && limit - position >= LENGTH_BYTES) {
                    begin(buffer.getInt(position));
                    position += LENGTH_BYTES;
                } else {
                    position = readLength(buffer, position, limit);
                }
                if (!inRecord) {
                    break;
                }
                if (missing > 0 && position == limit) {
                    break;
                }
            }
            int available = limit - position;
            if (available < missing) {
                rememberHead(buffer, position, available);
                missing -= available;
                break;
            }
            if (headFill == 0 && length > 0) {
                byte tag = buffer.get(position);
                if (isRecord(tag)) {
                    records++;
                } else {
                    rememberHead(buffer, position, missing);
                    control();
                }
            } else if (length > 0) {
                rememberHead(buffer, position, missing);
                if (isRecord(head[0])) {
                    records++;
                } else {
                    control();
                }
            }
            position += missing;
            bytes += (long) length + LENGTH_BYTES;
            inRecord = false;
            lengthFill = 0;
            lastEnd = position - base;
            if (firstEnd < 0) {
                firstEnd = lastEnd;
            }
        }
        return lastEnd;
    }

    /**
     * Follows whole records that another has counted, and that leave watermark and status as they are; the stream stands at
     * a record's beginning.
     *
     * @param passedRecords how many
     * @param passedBytes of all of them, with their length prefixes
     */
    void passed(int passedRecords, int passedBytes) {
        records += passedRecords;
        bytes += passedBytes;
    }

    /** Offset in the last scanned buffer just behind the first record that ended in it, or -1. */
    public int firstEnd() {
        return firstEnd;
    }

    /** Whether the stream stands in the middle of a record or of its length prefix. */
    public boolean midRecord() {
        return inRecord || lengthFill > 0;
    }

    /** Forgets the record that is under way: its remainder will never come. */
    public void abandonRecord() {
        inRecord = false;
        lengthFill = 0;
        headFill = 0;
    }

    /** What passed so far; a record counts when its last byte has passed. */
    public StreamPosition position() {
        return new StreamPosition(records, bytes);
    }

    /** Bytes of all elements whose last byte has passed. */
    long bytes() {
        return bytes;
    }

    /** Records whose last byte has passed. */
    long records() {
        return records;
    }

    /** Last watermark that passed, in milliseconds; {@link Long#MIN_VALUE} if none did. */
    public long watermark() {
        return watermark;
    }

    /** Whether the last watermark status that passed was idle. A stream begins active. */
    public boolean idle() {
        return watermarkStatus != ACTIVE;
    }

    private int readLength(ByteBuffer buffer, int from, int limit) {
        int position = from;
        while (position < limit && lengthFill < LENGTH_BYTES) {
            length = (length << 8) | (buffer.get(position++) & 0xff);
            lengthFill++;
        }
        if (lengthFill == LENGTH_BYTES) {
            begin(length);
        }
        return position;
    }

    private void begin(int recordLength) {
        if (recordLength < 0) {
            throw new IllegalStateException("record length must not be negative: " + recordLength);
        }
        length = recordLength;
        missing = recordLength;
        lengthFill = LENGTH_BYTES;
        headFill = 0;
        inRecord = true;
    }

    private void rememberHead(ByteBuffer buffer, int position, int available) {
        int wanted = Math.min(HEAD_BYTES - headFill, available);
        for (int i = 0; i < wanted; i++) {
            head[headFill++] = buffer.get(position + i);
        }
    }

    private void control() {
        ByteBuffer element = ByteBuffer.wrap(head, 0, headFill);
        switch (element.get()) {
            case TAG_WATERMARK -> watermark = element.getLong();
            case TAG_WATERMARK_STATUS -> watermarkStatus = element.getInt();
            case TAG_INTERNAL_WATERMARK -> {
                // per-channel watermarks of a multi-input operator; not sent between tasks of different jobs' edges
            }
            default -> {
                // latency markers and record attributes carry nothing that a new reader must be told again
            }
        }
    }
}
