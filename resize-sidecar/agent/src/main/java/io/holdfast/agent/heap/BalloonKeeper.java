package io.holdfast.agent.heap;

import io.holdfast.agent.report.AgentLog;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sees to it that the balloon is never what an application dies of. As much of it as the cgroup could take is held
 * softly, so that the collector itself takes it before it fails an allocation; and if collections leave the heap nearly
 * full several times in a row, a part is let go earlier. Both are counted and logged.
 */
final class BalloonKeeper {
    private static final String GAVE_WAY = "balloon.gave-way";
    private static final long RELEASE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final long maxBytes;
    private final ChunkPlan plan;
    private final PageRelease release;
    private final HeapUsage usage;
    private final Balloon balloon;
    private final CollectionListener collections;
    private final GiveWay giveWay;
    private final AgentLog log;
    private final AtomicInteger quiet = new AtomicInteger();

    private final TouchedHeap touched = new TouchedHeap();
    private final BalloonShare share = new BalloonShare();
    private long gaveWay;
    private long takenSeen;
    private int fullInARow;
    private boolean completeInRow;
    private boolean releaseDue;
    private long releasedNanos = System.nanoTime();
    private CollectionListener.Last seen;
    private volatile long usedAfterCollection = Long.MAX_VALUE / 2;

    BalloonKeeper(
            long maxBytes,
            ChunkPlan plan,
            PageRelease release,
            HeapUsage usage,
            Balloon balloon,
            CollectionListener collections,
            GiveWay giveWay,
            AgentLog log) {
        this.maxBytes = maxBytes;
        this.plan = plan;
        this.release = release;
        this.usage = usage;
        this.balloon = balloon;
        this.collections = collections;
        this.giveWay = giveWay;
        this.log = log;
        this.seen = collections.last();
    }

    /**
     * Whether, and by whom, the balloon gives way.
     *
     * @param room where it is read what the cgroup could take
     * @param allowed whether it gives way at all
     * @param byCollector whether the collector can be trusted to take of it in time only, see {@link GiveWayPolicy#collectorMayTake}
     */
    record GiveWay(MemoryRoom room, boolean allowed, boolean byCollector) {}

    /** While the ceiling is being moved: nothing is let go early, for who moves it looks himself. */
    final class Quiet implements AutoCloseable {
        private long takenSeen = balloon.takenBytes();

        private Quiet() {
            quiet.incrementAndGet();
        }

        /** Returns whether the collector took from the balloon since the last time. */
        boolean gaveWay() {
            held();
            long taken = balloon.takenBytes();
            boolean more = taken != takenSeen;
            takenSeen = taken;
            return more;
        }

        @Override
        public void close() {
            quiet.decrementAndGet();
        }
    }

    Quiet quiet() {
        return new Quiet();
    }

    synchronized long gaveWay() {
        return gaveWay;
    }

    /** Returns what is held. Not while a look is under way: it would offer the collector anew what it has taken. */
    synchronized long held() {
        balloon.touch();
        return balloon.heldBytes();
    }

    /** Returns what the last collection left, without the balloon; much, if none was yet. */
    long usedAfterCollection() {
        return usedAfterCollection;
    }

    synchronized void handOver(Map<String, Object> state) {
        state.put(GAVE_WAY, gaveWay);
    }

    synchronized void takeOver(Map<String, Object> state) {
        gaveWay = (Long) state.getOrDefault(GAVE_WAY, 0L);
    }

    /** Holds softly what the cgroup could take, and the rest strongly. */
    synchronized void balance() {
        balloon.balance(soft(allowance()));
    }

    synchronized void tend() {
        balloon.touch();
        long taken = balloon.takenBytes() - takenSeen;
        if (taken > 0) {
            takenSeen += taken;
            giveWay.room().spent(taken);
            gaveWay++;
            fullInARow = 0;
            log.warn("Balloon gave way", "bytes", taken, "ceiling", ceiling(), "by", "collector", "count", gaveWay);
        }
        CollectionListener.Last last = collections.last();
        long held = balloon.heldBytes();
        if (last.number() != seen.number()) {
            usage.observe(held, balloon.changes());
            touched.saw(last.usedBeforeBytes() - share.atMost(last, balloon.addedBytes()));
            usedAfterCollection = last.usedAfterBytes() - held - balloon.leavingBytes();
            boolean full = held > 0 && GiveWayPolicy.full(usedAfterCollection, ceiling());
            fullInARow = full ? fullInARow + 1 : 0;
            completeInRow = full && (completeInRow || last.full());
            releaseDue |= last.full(); // it may have moved arrays
            seen = last;
        }
        share.looked(held + balloon.leavingBytes(), balloon.addedBytes(), collections.ended(), last);
        releaseAgain();
        long allowance = allowance();
        long step = quiet.get() > 0
                ? 0
                : GiveWayPolicy.step(
                        fullInARow, completeInRow, ceiling(), plan.pieceBytes(), Math.min(held, allowance));
        if (step >= plan.regionBytes()) {
            balloon.dropTo(held - step);
            long let = held - balloon.heldBytes();
            allowance -= let; // it is the application's now, and cannot be offered twice
            giveWay.room().spent(let);
            gaveWay++;
            fullInARow = 0;
            log.warn("Balloon gave way", "bytes", let, "ceiling", ceiling(), "by", "full-heap", "count", gaveWay);
        }
        balloon.balance(soft(allowance));
    }

    /** While the balloon grows, a region at least: an array too many takes that, and not the JVM's last breath. */
    private long soft(long allowance) {
        long least = quiet.get() > 0 ? plan.regionBytes() : 0;
        return giveWay.byCollector() ? Math.max(least, allowance) : 0;
    }

    /** From time to time too: the kernel may put huge pages where there is a single one. Costs next to nothing. */
    private void releaseAgain() {
        long now = System.nanoTime();
        if (releaseDue || now - releasedNanos > RELEASE_NANOS) {
            balloon.release(release);
            releasedNanos = now;
            releaseDue = false;
        }
    }

    private long ceiling() {
        return maxBytes - balloon.heldBytes();
    }

    private long allowance() {
        if (!giveWay.allowed()) {
            return 0;
        }
        return giveWay.room().allowance(balloon.heldBytes(), untouched());
    }

    /** Returns what the heap below the ceiling may yet take, in bytes. */
    synchronized long untouched() {
        balloon.touch(); // what was taken is the application's to touch
        long held = balloon.heldBytes();
        long used = usage.usedBytes() - held - balloon.leavingBytes();
        return touched.untouched(used, usage.committedBytes() - held, held, ceiling());
    }
}
