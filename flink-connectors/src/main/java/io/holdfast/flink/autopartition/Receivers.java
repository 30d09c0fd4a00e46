package io.holdfast.flink.autopartition;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import javax.annotation.concurrent.GuardedBy;

/**
 * What the producer's end of an edge knows of each receiver: how much was sent to it, how much of that it has consumed,
 * how fast it serves, and whether it may get anything.
 *
 * <p>Threads: the task thread writes what it sends and reads everything, without a lock. What comes from a receiver is
 * written under the lock of its subpartition, so by one thread at a time. The monitor of this object guards who may get
 * something, which changes rarely.
 *
 * <p>Happens-before: what a receiver begins with is written to {@code heard} before {@code handicap} is released; a
 * decision acquires {@code handicap} before it reads {@code heard}. So whoever is seen to be attached is seen with what
 * it had consumed then. Everything else is read opaquely: a {@code long} or {@code double} that was true a moment ago,
 * each a whole, and no two must agree. Nothing is seen consumed before it was sent: the task thread counts bytes before
 * it writes them, the position in Flink's buffer leads from there to whoever takes them, and the subpartition's lock on
 * to what is told of them.
 *
 * <p>No allocation after construction.
 */
public final class Receivers {

    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle DOUBLES = MethodHandles.arrayElementVarHandle(double[].class);

    private static final double NEVER = Double.POSITIVE_INFINITY;
    private static final long NOT_AWAITED = Long.MIN_VALUE;

    /** What a receiver may be silent for although it has something to consume, besides the time for a buffer. */
    private static final long PATIENCE_NANOS = 40_000_000;

    /** How fast the typical rate follows those that are chosen. */
    private static final double TYPICAL_WEIGHT = 1 / 64.0;

    private final int count;
    private final int bufferBytes;

    // ---- written and read by the task thread

    /** Bytes of each stream so far. */
    private final long[] sent;

    /** Where in each stream the open buffer will be full; not behind {@code sent} if there is none. */
    private final long[] bufferEnd;

    /** Since when a receiver owes a word; what it had consumed then. */
    private final long[] awaitedSince;

    private final long[] awaitedConsumed;
    private final long[] chosenAt;
    private double typicalNanosPerByte;

    /** Records that went to each receiver; read by metrics. */
    private final long[] records;

    // ---- written under the subpartitions' locks

    /** Bytes that were consumed, and in the lowest bits the code of the rate. */
    private final long[] heard;

    /** What of that lay before the attachment: words count from there. */
    private final long[] base;

    /** Bytes of each stream that have left the subpartition. */
    private final long[] left;

    // ---- who may get something

    @GuardedBy("this")
    private final boolean[] detached;

    @GuardedBy("this")
    private final double[] weight;

    /** What a delay is multiplied by: 1/weight, infinite if nothing may be sent. */
    private final double[] handicap;

    /** TaskExecutor main thread, while the task is created. {@code bufferBytes}: how much a network buffer holds. */
    public Receivers(int count, int bufferBytes) {
        this.count = count;
        this.bufferBytes = bufferBytes;
        sent = new long[count];
        bufferEnd = new long[count];
        awaitedSince = new long[count];
        awaitedConsumed = new long[count];
        chosenAt = new long[count];
        records = new long[count];
        heard = new long[count];
        base = new long[count];
        left = new long[count];
        detached = new boolean[count];
        weight = new double[count];
        handicap = new double[count];
        Arrays.fill(awaitedSince, NOT_AWAITED);
        Arrays.fill(weight, 1);
        Arrays.fill(handicap, 1);
    }

    /** Any thread. */
    public int count() {
        return count;
    }

    // ------------------------------------------------------------------ what the task sends

    /** Task thread. {@code bytes} of the stream are about to be written, length prefix included. */
    public void sent(int receiver, int bytes) {
        sent[receiver] += bytes;
    }

    /** Task thread. As above, and they are a record. */
    void sentRecord(int receiver, int bytes) {
        sent[receiver] += bytes;
        records[receiver]++;
    }

    /** Task thread. A buffer is begun, of {@code data}, or an event closes the one that was open. */
    public void begun(int receiver, boolean data) {
        bufferEnd[receiver] = data ? sent[receiver] + bufferBytes : sent[receiver];
    }

    /** Task thread. Bytes that fit into the open buffer, about; a whole buffer if none is open. */
    long openBufferBytes(int receiver) {
        long rest = bufferEnd[receiver] - sent[receiver];
        return rest > 0 ? rest : bufferBytes;
    }

    void chosen(int receiver, long nowNanos) {
        chosenAt[receiver] = nowNanos;
    }

    void allChosen(long nowNanos) {
        Arrays.fill(chosenAt, nowNanos);
    }

    // ------------------------------------------------------------------ what receivers tell

    /** Holder of the subpartition's lock. So many bytes of the stream have left, to whoever reads or to nobody. */
    public void left(int receiver, long bytes) {
        LONGS.setRelease(left, receiver, bytes);
    }

    /**
     * Holder of the subpartition's lock. A receiver has attached.
     *
     * @param startBytes where in the stream it begins to read, and to count
     */
    public void attached(int receiver, long startBytes) {
        base[receiver] = startBytes;
        LONGS.setRelease(heard, receiver, startBytes << ConsumptionWord.RATE_BITS | ConsumptionWord.UNKNOWN);
        away(receiver, false);
    }

    /** Holder of the subpartition's lock. Nobody reads: it gets nothing until the next one attaches. */
    public void detached(int receiver) {
        away(receiver, true);
    }

    /** Holder of the subpartition's lock. The receiver that was attached when {@link #detached} was called is back. */
    public void returned(int receiver) {
        away(receiver, false);
    }

    private synchronized void away(int receiver, boolean now) {
        detached[receiver] = now;
        handicap(receiver);
    }

    /** Holder of the subpartition's lock. The receiver that is attached has sent {@code word}. */
    public void heard(int receiver, int word) {
        long consumed = (long) LONGS.get(heard, receiver) >>> ConsumptionWord.RATE_BITS;
        long now = consumed + ConsumptionWord.since(consumed - base[receiver], word);
        if (now <= (long) LONGS.get(left, receiver)) {
            LONGS.setRelease(heard, receiver, now << ConsumptionWord.RATE_BITS | ConsumptionWord.rateCode(word));
        }
    }

    /**
     * Any thread. {@code share} of what the receiver could take, compared with the others, is sent to it: 1 is the rule,
     * 0 is nothing. Effective at the next decision.
     */
    public void weight(int receiver, double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("weight must be in [0, 1]: " + share);
        }
        synchronized (this) {
            weight[receiver] = share;
            handicap(receiver);
        }
    }

    @GuardedBy("this")
    private void handicap(int receiver) {
        boolean never = detached[receiver] || weight[receiver] == 0;
        DOUBLES.setRelease(handicap, receiver, never ? NEVER : 1 / weight[receiver]);
    }

    // ------------------------------------------------------------------ what a decision needs

    /** Task thread. Whether the receiver may get something. */
    boolean isEligible(int receiver) {
        return (double) DOUBLES.getAcquire(handicap, receiver) != NEVER;
    }

    /** Task thread. Bytes that the receiver has not told to have consumed. */
    long outstandingBytes(int receiver) {
        return sent[receiver] - ((long) LONGS.getOpaque(heard, receiver) >>> ConsumptionWord.RATE_BITS);
    }

    /** Task thread. Whether the receiver may get something, was not chosen for {@code nanos}, and owes nothing. */
    boolean isForgotten(int receiver, long nowNanos, long nanos) {
        return nowNanos - chosenAt[receiver] > nanos && outstandingBytes(receiver) == 0 && isEligible(receiver);
    }

    /**
     * Task thread. When {@code bytes} more would be consumed, in nanoseconds from now; infinite if they must not be sent.
     * A receiver that is silent for longer than it should be is expected to stay so for as long again.
     */
    double delayNanos(int receiver, int bytes, long nowNanos) {
        double factor = (double) DOUBLES.getAcquire(handicap, receiver);
        if (factor == NEVER) {
            return NEVER;
        }
        long word = (long) LONGS.getOpaque(heard, receiver);
        long consumed = word >>> ConsumptionWord.RATE_BITS;
        double nanosPerByte = nanosPerByte(ConsumptionWord.rateCode((int) word));
        long outstanding = sent[receiver] - consumed;
        double delay = (outstanding + bytes) * nanosPerByte;
        if (outstanding > 0) {
            delay += overdueNanos(receiver, consumed, nanosPerByte, nowNanos);
        }
        return delay * factor;
    }

    private double nanosPerByte(int rateCode) {
        if (rateCode == ConsumptionWord.UNKNOWN) {
            return typicalNanosPerByte == 0 ? 1 : typicalNanosPerByte;
        }
        double nanosPerByte = ConsumptionWord.nanosPerByte(rateCode);
        if (typicalNanosPerByte == 0) {
            typicalNanosPerByte = nanosPerByte;
        }
        return nanosPerByte;
    }

    /** Only what has left the subpartition is awaited: the rest may lie in an open buffer that nobody flushes. */
    private double overdueNanos(int receiver, long consumed, double nanosPerByte, long nowNanos) {
        long received = (long) LONGS.getOpaque(left, receiver) - consumed;
        if (received <= 0) {
            if (awaitedSince[receiver] != NOT_AWAITED) {
                awaitedSince[receiver] = NOT_AWAITED;
            }
            return 0;
        }
        if (awaitedSince[receiver] == NOT_AWAITED || awaitedConsumed[receiver] != consumed) {
            awaitedSince[receiver] = nowNanos;
            awaitedConsumed[receiver] = consumed;
            return 0;
        }
        double allowed = PATIENCE_NANOS + 2 * Math.min(received, bufferBytes) * nanosPerByte;
        return Math.max(0, nowNanos - awaitedSince[receiver] - allowed);
    }

    /** Task thread. Bytes that the receiver, which was chosen, consumes in {@code nanos}; negative if no rate is known. */
    long bytesIn(int receiver, double nanos) {
        double nanosPerByte = nanosPerByte(rateCode(receiver));
        if (typicalNanosPerByte == 0) {
            return -1;
        }
        typicalNanosPerByte += (nanosPerByte - typicalNanosPerByte) * TYPICAL_WEIGHT;
        return (long) (nanos / nanosPerByte);
    }

    private int rateCode(int receiver) {
        return ConsumptionWord.rateCode((int) (long) LONGS.getOpaque(heard, receiver));
    }

    // ------------------------------------------------------------------ for metrics

    /** Metrics thread. Records that were sent to the receiver so far; may lag behind. */
    long records(int receiver) {
        return (long) LONGS.getOpaque(records, receiver);
    }

    /** Metrics thread. Bytes per second of service; 0 if not known. */
    long bytesPerSecond(int receiver) {
        int code = rateCode(receiver);
        return code == ConsumptionWord.UNKNOWN ? 0 : Math.round(1e9 / ConsumptionWord.nanosPerByte(code));
    }

    /** Metrics thread. What {@link #weight} set; 0 while nobody reads. */
    synchronized double effectiveWeight(int receiver) {
        return detached[receiver] ? 0 : weight[receiver];
    }
}
