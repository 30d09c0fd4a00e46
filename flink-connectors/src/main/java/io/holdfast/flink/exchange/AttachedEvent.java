package io.holdfast.flink.exchange;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.runtime.event.RuntimeEvent;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.StreamPosition;

/**
 * The first thing a subpartition says to a consumer that attaches: which attempt of the producer it is, where the stream
 * goes on, and what the consumer missed that it must know. The channel takes it out of the stream; no task ever sees it.
 */
public final class AttachedEvent extends RuntimeEvent {

    private static final int NO_END = -1;

    private int attempt;
    private StreamPosition start = StreamPosition.START;
    private BarrierPositions barriers = new BarrierPositions();
    private long lastBarrier;
    private long watermark;
    private boolean idle;
    private int stopMode = NO_END;
    private boolean endOfPartition;

    /** Flink's event serializer, then {@link #read}. */
    public AttachedEvent() {}

    /**
     * Any thread.
     *
     * @param attempt number of the producer's attempt
     * @param start where in the producer's stream the next record lies
     * @param barriers where its latest barriers lie; copied
     * @param lastBarrier id of the last barrier that went elsewhere or nowhere, -1 if none: it will not come again
     * @param watermark last watermark, in milliseconds; {@link Long#MIN_VALUE} if none
     * @param idle whether the producer is idle
     * @param endOfData how the producer ended its data, null if it has not, or if that is still to come
     * @param endOfPartition whether the producer's stream is over
     */
    public AttachedEvent(
            int attempt,
            StreamPosition start,
            BarrierPositions barriers,
            long lastBarrier,
            long watermark,
            boolean idle,
            StopMode endOfData,
            boolean endOfPartition) {
        this.attempt = attempt;
        this.start = start;
        this.barriers = barriers.copy();
        this.lastBarrier = lastBarrier;
        this.watermark = watermark;
        this.idle = idle;
        this.stopMode = endOfData == null ? NO_END : endOfData.ordinal();
        this.endOfPartition = endOfPartition;
    }

    public int attempt() {
        return attempt;
    }

    public StreamPosition start() {
        return start;
    }

    public BarrierPositions barriers() {
        return barriers;
    }

    public long lastBarrier() {
        return lastBarrier;
    }

    public long watermark() {
        return watermark;
    }

    public boolean idle() {
        return idle;
    }

    public Optional<StopMode> endOfData() {
        return stopMode == NO_END ? Optional.empty() : Optional.of(StopMode.values()[stopMode]);
    }

    public boolean endOfPartition() {
        return endOfPartition;
    }

    @Override
    public void write(DataOutputView out) throws IOException {
        out.writeInt(attempt);
        write(out, start);
        out.writeBoolean(barriers.hasForgotten());
        Map<Long, StreamPosition> known = barriers.asMap();
        out.writeInt(known.size());
        for (Map.Entry<Long, StreamPosition> barrier : known.entrySet()) {
            out.writeLong(barrier.getKey());
            write(out, barrier.getValue());
        }
        out.writeLong(lastBarrier);
        out.writeLong(watermark);
        out.writeBoolean(idle);
        out.writeInt(stopMode);
        out.writeBoolean(endOfPartition);
    }

    @Override
    public void read(DataInputView in) throws IOException {
        attempt = in.readInt();
        start = position(in);
        barriers = new BarrierPositions(in.readBoolean());
        int known = in.readInt();
        for (int i = 0; i < known; i++) {
            barriers.put(in.readLong(), position(in));
        }
        lastBarrier = in.readLong();
        watermark = in.readLong();
        idle = in.readBoolean();
        stopMode = in.readInt();
        endOfPartition = in.readBoolean();
    }

    private static void write(DataOutputView out, StreamPosition position) throws IOException {
        out.writeLong(position.records());
        out.writeLong(position.bytes());
    }

    private static StreamPosition position(DataInputView in) throws IOException {
        return new StreamPosition(in.readLong(), in.readLong());
    }
}
