package io.holdfast.agent.heap;

import io.holdfast.agent.report.Deadline;
import java.util.Map;

/** One way to move the ceiling of this JVM's heap. */
public interface HeapControl {
    HeapMethod method();

    /** Returns how pages are given back: {@code ffm}, {@code jni} or {@code none}. */
    default String release() {
        return "none";
    }

    /** Returns whether the heap cannot pass the ceiling, as opposed to should not. */
    boolean hard();

    /** Returns the largest ceiling, in bytes. */
    long maxBytes();

    /** Returns the ceiling in force, in bytes. */
    long ceilingBytes();

    /** Returns what the balloon holds, in bytes: part of what the JVM counts as used, and of no memory. */
    default long balloonBytes() {
        return 0;
    }

    /** Returns what the JVM counts as used beyond what the application has: the balloon, and what just left it. */
    default long notUsedBytes() {
        return balloonBytes();
    }

    /** Returns what the heap below the ceiling may yet take, in bytes: what is not known to be touched is expected to be. */
    default long untouchedBytes(HeapUsage usage) {
        return Math.max(0, ceilingBytes() - usage.usedBytes());
    }

    /** Returns how often the ceiling was raised because the application needed it. */
    default long gaveWay() {
        return 0;
    }

    /**
     * Moves the ceiling, and returns when it is in force. One caller at a time.
     *
     * @throws io.holdfast.agent.report.AgentException if that would break the application, takes too long or cannot be
     *     done here; the ceiling is then the one before
     */
    void setCeiling(long bytes, Deadline deadline);

    /** Returns the smallest ceiling that would be accepted now, in bytes. */
    long floorBytes();

    /** Called about every second and after collections. */
    default void tend() {}

    /** Returns what a newer agent goes on with, in types of the JDK. This one keeps it too, until {@link #retire()}. */
    default Map<String, Object> handOver() {
        return Map.of();
    }

    /** Lets go of all it holds: another has it, or nobody shall. */
    default void retire() {}
}
