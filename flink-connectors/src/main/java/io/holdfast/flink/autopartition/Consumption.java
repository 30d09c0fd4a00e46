package io.holdfast.flink.autopartition;

import javax.annotation.Nullable;
import javax.annotation.concurrent.GuardedBy;

/**
 * What one channel's task has consumed of the stream that comes through a link, and has told its producer.
 *
 * <p>A buffer counts as consumed when the task comes for the next one. All that is synchronized is so on this object; a
 * word is sent under its monitor, for which the link takes no lock but that of a local producer's subpartition.
 */
public final class Consumption {

    /** Where words go: the link that the stream comes through. */
    public interface Upstream {
        /** Task thread or attaching thread. Sends {@code word} in place of a buffer size. */
        void announce(int word);
    }

    private final Feedback gate;

    // ---- task thread

    private Upstream handedBy;
    private long handedBytes;
    private long handedRecords;
    private long servedBytes;
    private long servedRecords;
    private long partsNanos;
    private boolean partsExact = true;

    // ---- synchronized

    @GuardedBy("this")
    private Upstream upstream;

    @GuardedBy("this")
    private long consumed;

    @GuardedBy("this")
    private long told;

    @GuardedBy("this")
    private long toldAt;

    Consumption(Feedback gate) {
        this.gate = gate;
    }

    /**
     * Task thread. The task gets a buffer, which is the last of what was read from the stream so far.
     *
     * @param link it came through, of which each has a stream of its own; null if that was cut, so that nobody is to be
     *     told
     * @param bytes of the stream behind its beginning, this buffer included
     * @param records the same in records
     */
    public void handed(@Nullable Upstream link, long bytes, long records) {
        handedPart(link);
        handedBytes = bytes;
        handedRecords = records;
    }

    /** Task thread. The task gets a buffer that came through {@code link}, and more that came with it is to follow. */
    public void handedPart(@Nullable Upstream link) {
        if (link != handedBy) {
            handedBy = link;
            handedBytes = 0;
            handedRecords = 0;
            servedBytes = 0;
            servedRecords = 0;
            partsNanos = 0;
            partsExact = true;
        }
        if (link != null) {
            gate.service().handed(this);
        }
    }

    /** Task thread. The task is done with what it was handed. */
    void served(long busyNanos, boolean exact, long nowNanos) {
        partsNanos += busyNanos;
        partsExact &= exact;
        long bytes = handedBytes - servedBytes;
        if (bytes == 0) {
            return;
        }
        if (partsExact && handedRecords > servedRecords) {
            gate.rate().served(bytes, partsNanos, nowNanos);
        }
        partsNanos = 0;
        partsExact = true;
        servedBytes = handedBytes;
        servedRecords = handedRecords;
        consumed(handedBy, handedBytes, nowNanos);
    }

    private synchronized void consumed(Upstream link, long bytes, long nowNanos) {
        if (link != upstream) {
            upstream = link;
            told = 0;
            toldAt = nowNanos - gate.intervalNanos();
        }
        consumed = bytes;
        if (nowNanos - toldAt >= gate.intervalNanos() || consumed - told >= ConsumptionWord.LONGEST_STEP) {
            tell(nowNanos);
        } else {
            gate.tellLater();
        }
    }

    /** Attaching thread. Tells what was not told yet. */
    synchronized void tellRest(long nowNanos) {
        if (upstream != null && consumed > told) {
            tell(nowNanos);
        }
    }

    @GuardedBy("this")
    private void tell(long nowNanos) {
        while (consumed > told) {
            told = Math.min(consumed, told + ConsumptionWord.LONGEST_STEP);
            upstream.announce(ConsumptionWord.of(told, gate.rate().code()));
        }
        toldAt = nowNanos;
    }
}
