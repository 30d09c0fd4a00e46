package io.holdfast.resize.plan;

import java.util.Optional;

/** A TaskManager for tests: 2 GiB at the start, a heap of 512 MiB that may become 4 GiB. */
public final class Jvm {
    private static final long MIB = 1 << 20;

    private long started = 1000;
    private Sizes sizes = new Sizes(512 * MIB, 384 * MIB, 128 * MIB);
    private long live = -1;
    private long floor = 64 * MIB;
    private long networkUsed = 20 * MIB;
    private long networkFloor = 10 * MIB;
    private long networkMax = 1024 * MIB;
    private long baselineLimit = 2048 * MIB;
    private boolean network = true;
    private boolean hard = true;

    private Jvm() {}

    public static Jvm of2Gi() {
        return new Jvm();
    }

    public Jvm started(long millis) {
        started = millis;
        return this;
    }

    public Jvm sizes(Sizes now) {
        sizes = now;
        return this;
    }

    public Jvm live(long liveBytes, long floorBytes) {
        live = liveBytes;
        floor = floorBytes;
        return this;
    }

    public Jvm networkUsed(long bytes) {
        networkUsed = bytes;
        return this;
    }

    public Jvm networkFloor(long bytes) {
        networkFloor = bytes;
        return this;
    }

    public Jvm networkMax(long bytes) {
        networkMax = bytes;
        return this;
    }

    public Jvm withoutNetwork() {
        network = false;
        return this;
    }

    public Jvm soft() {
        hard = false;
        return this;
    }

    public Jvm baselineLimit(long bytes) {
        baselineLimit = bytes;
        return this;
    }

    public TaskManager build() {
        return new TaskManager(
                "1.0",
                started,
                1,
                new TaskManager.Heap(4096 * MIB, sizes.heapBytes(), hard, 100 * MIB, live, floor, 0),
                new TaskManager.Direct(sizes.directBytes(), networkUsed, networkUsed),
                network
                        ? Optional.of(new TaskManager.Network(
                                sizes.networkBytes(),
                                sizes.networkBytes(),
                                networkUsed,
                                networkFloor,
                                64 * MIB,
                                networkMax))
                        : Optional.empty(),
                Optional.empty(),
                new TaskManager.Baseline(baselineLimit, 512 * MIB, 384 * MIB, 128 * MIB),
                800 * MIB,
                "none");
    }
}
