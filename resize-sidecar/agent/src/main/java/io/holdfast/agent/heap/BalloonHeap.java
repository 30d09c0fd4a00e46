package io.holdfast.agent.heap;

import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.AgentLog;
import io.holdfast.agent.report.Deadline;
import io.holdfast.agent.report.ErrorCode;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A hard ceiling for G1. What lies above it is taken by arrays whose pages are given back: the heap that is left to the
 * application is exactly the maximum less the balloon, and the balloon costs next to no memory. Letting go of arrays
 * raises the ceiling at once.
 */
final class BalloonHeap implements HeapControl {
    private static final long LONGEST_PAUSE_MILLIS = 200;
    private static final long BETWEEN_COLLECTIONS_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final long maxBytes;
    private final ChunkPlan plan;
    private final PageRelease release;
    private final HeapUsage usage;
    private final Balloon balloon;
    private final BalloonKeeper keeper;

    private long collectedNanos = System.nanoTime() - BETWEEN_COLLECTIONS_NANOS;

    BalloonHeap(
            long maxBytes,
            ChunkPlan plan,
            PageRelease release,
            HeapUsage usage,
            Balloon balloon,
            CollectionListener collections,
            BalloonKeeper.GiveWay giveWay,
            AgentLog log) {
        this.maxBytes = maxBytes;
        this.plan = plan;
        this.release = release;
        this.usage = usage;
        this.balloon = balloon;
        this.keeper = new BalloonKeeper(maxBytes, plan, release, usage, balloon, collections, giveWay, log);
    }

    @Override
    public void retire() {
        balloon.forget();
    }

    /** Takes what a predecessor handed over. */
    void takeOver(Map<String, Object> state) {
        balloon.takeOver(state);
        keeper.takeOver(state);
        keeper.balance();
    }

    @Override
    public HeapMethod method() {
        return HeapMethod.BALLOON;
    }

    @Override
    public String release() {
        return release.name();
    }

    @Override
    public boolean hard() {
        return true;
    }

    @Override
    public long maxBytes() {
        return maxBytes;
    }

    @Override
    public long ceilingBytes() {
        return maxBytes - balloon.heldBytes();
    }

    @Override
    public long balloonBytes() {
        return balloon.heldBytes();
    }

    @Override
    public long notUsedBytes() {
        return balloon.heldBytes() + balloon.leavingBytes();
    }

    @Override
    public long untouchedBytes(HeapUsage ofThisHeap) {
        return keeper.untouched();
    }

    @Override
    public long gaveWay() {
        return keeper.gaveWay();
    }

    @Override
    public long floorBytes() {
        return FeasibilityPolicy.floor(usage.liveAtMost(notUsedBytes()), plan.regionBytes());
    }

    @Override
    public void tend() {
        keeper.tend();
    }

    @Override
    public Map<String, Object> handOver() {
        Map<String, Object> state = balloon.handOver();
        keeper.handOver(state);
        return state;
    }

    @Override
    public void setCeiling(long bytes, Deadline deadline) {
        if (bytes > maxBytes) {
            throw new AgentException(
                    ErrorCode.INFEASIBLE,
                    "A ceiling of " + bytes + " bytes is above the heap of " + maxBytes + " that this JVM reserved",
                    "Ask for no more, or start the JVM with a larger -Xmx");
        }
        long wanted = plan.balloonFor(maxBytes, bytes);
        keeper.tend(); // know what is held
        long before = balloon.heldBytes();
        boolean done = false;
        try (BalloonKeeper.Quiet quiet = keeper.quiet()) {
            if (wanted > before) {
                requireFeasible(bytes);
                inflate(wanted, bytes, deadline, quiet);
            } else {
                deflate(wanted, quiet);
            }
            done = true;
        } finally {
            if (!done) {
                balloon.dropTo(before);
                keeper.balance();
            }
        }
    }

    private void requireFeasible(long ceiling) {
        if (ceiling >= FeasibilityPolicy.floor(0, 1)
                && FeasibilityPolicy.fits(usage.usedBytes() - notUsedBytes(), ceiling)) {
            return; // even the garbage fits: no need to stop anybody
        }
        collect();
        long floor = floorBytes();
        if (ceiling < floor) {
            throw new AgentException(
                    ErrorCode.INFEASIBLE,
                    "A ceiling of %d bytes is below the floor of %d: %d bytes are alive after a full collection"
                            .formatted(ceiling, floor, usage.liveBytes()),
                    "Ask for at least the floor, or make the application hold less");
        }
    }

    /** A predecessor may have left arrays of many regions: what was too much is taken back, if nobody is quicker. */
    private void deflate(long wanted, BalloonKeeper.Quiet quiet) {
        balloon.dropTo(wanted);
        boolean more = true;
        while (more && balloon.heldBytes() < wanted && !quiet.gaveWay()) {
            more = grown(plan.regionBytes());
        }
        keeper.balance();
    }

    private void inflate(long wanted, long ceiling, Deadline deadline, BalloonKeeper.Quiet quiet) {
        long collectionMillis = collectionMillis();
        long loose = 0;
        while (balloon.heldBytes() < wanted) {
            requireRoom(plan.regionBytes(), ceiling);
            if (!grown(plan.regionBytes())) {
                throw needed(ceiling);
            }
            loose += plan.regionBytes();
            if (loose >= plan.pieceBytes() || balloon.heldBytes() >= wanted) {
                loose = 0;
                keeper.balance();
                if (quiet.gaveWay()) {
                    throw needed(ceiling);
                }
                collectionMillis = leaveTimeToTheApplication(collectionMillis);
            }
            if (deadline.passed()) {
                throw new AgentException(
                        ErrorCode.TIMEOUT,
                        "The ceiling of %d bytes was not reached in time; %d bytes were missing"
                                .formatted(ceiling, wanted - balloon.heldBytes()),
                        "The ceiling is what it was before; ask again with a longer timeout-ms");
            }
        }
    }

    /** Adds an array; returns false if the heap had no place for it. */
    private boolean grown(long bytes) {
        long[] array;
        try {
            array = new long[ChunkPlan.elements(bytes)];
        } catch (OutOfMemoryError e) {
            return false;
        }
        long released = release.release(array, bytes);
        if (released < 0) {
            throw new AgentException(
                    ErrorCode.FAILED,
                    "The kernel did not take back pages of the heap: madvise answered " + released,
                    "Report this with the version of the JVM and its options");
        }
        balloon.add(array, bytes);
        return true;
    }

    /** Makes sure that the next array cannot be the one that the heap has no room for. */
    private void requireRoom(long next, long ceiling) {
        if (leavesReserve(usage.usedBytes() - balloon.heldBytes(), next, ceiling)
                || leavesReserve(keeper.usedAfterCollection(), next, ceiling)) {
            return;
        }
        LockSupport.parkNanos(collectedNanos + BETWEEN_COLLECTIONS_NANOS - System.nanoTime());
        collect();
        if (!leavesReserve(usage.liveBytes(), next, ceiling)) {
            throw needed(ceiling);
        }
    }

    private boolean leavesReserve(long used, long next, long ceiling) {
        return FeasibilityPolicy.leavesReserve(maxBytes, balloon.heldBytes(), next, used, ceiling);
    }

    private void collect() {
        usage.collect(keeper::held);
        collectedNanos = System.nanoTime();
    }

    private AgentException needed(long ceiling) {
        return new AgentException(
                ErrorCode.INFEASIBLE,
                "The application needed more heap than %d bytes while the ceiling was lowered".formatted(ceiling),
                "The ceiling is what it was before; ask for a higher one, or again when the application is calmer");
    }

    /** As long as collections stopped the application for the last array, it runs before the next. */
    private static long leaveTimeToTheApplication(long millisBefore) {
        long millis = collectionMillis();
        long pause = Math.min(LONGEST_PAUSE_MILLIS, millis - millisBefore);
        if (pause > 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(pause));
        } else {
            Thread.yield();
        }
        return millis;
    }

    private static long collectionMillis() {
        long sum = 0;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            sum += collector.getName().contains("Concurrent") ? 0 : collector.getCollectionTime();
        }
        return sum;
    }
}
