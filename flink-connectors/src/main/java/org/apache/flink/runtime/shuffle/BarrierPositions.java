package org.apache.flink.runtime.shuffle;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where the last checkpoint barriers lay in a stream. Not thread-safe: its owner guards it.
 *
 * <p>Bounded: the {@value #KEPT} latest barriers. A restore id that old would mean as many checkpoints in a row had
 * failed while the stream flowed on.
 */
public final class BarrierPositions implements Serializable {

    private static final long serialVersionUID = 1L;

    static final int KEPT = 64;

    private final LinkedHashMap<Long, StreamPosition> positions;
    private boolean dropped;

    /** Any thread. */
    public BarrierPositions() {
        this(new LinkedHashMap<>(), false);
    }

    /** Any thread. Empty; {@code forgotten} if there were earlier ones that are not known any more. */
    public BarrierPositions(boolean forgotten) {
        this(new LinkedHashMap<>(), forgotten);
    }

    private BarrierPositions(LinkedHashMap<Long, StreamPosition> positions, boolean dropped) {
        this.positions = positions;
        this.dropped = dropped;
    }

    /** Owner's thread. The barrier of {@code checkpointId} lies at {@code position}. */
    public void put(long checkpointId, StreamPosition position) {
        positions.put(checkpointId, position);
        if (positions.size() > KEPT) {
            positions.remove(positions.keySet().iterator().next());
            dropped = true;
        }
    }

    /** Any thread if this is a copy. Where the barrier lies; empty if it never passed, or was forgotten. */
    public Optional<StreamPosition> at(long checkpointId) {
        return Optional.ofNullable(positions.get(checkpointId));
    }

    /** Any thread if this is a copy. Whether a barrier older than all known ones may have been forgotten. */
    public boolean forgot(long checkpointId) {
        return dropped
                && !positions.containsKey(checkpointId)
                && positions.keySet().stream().allMatch(known -> known > checkpointId);
    }

    /** Any thread if this is a copy. Whether there were earlier barriers that are not known any more. */
    public boolean hasForgotten() {
        return dropped;
    }

    /** Owner's thread. A copy that later barriers do not change. */
    public BarrierPositions copy() {
        return new BarrierPositions(new LinkedHashMap<>(positions), dropped);
    }

    /** Any thread if this is a copy. */
    public Map<Long, StreamPosition> asMap() {
        return positions;
    }
}
