package io.holdfast.agent;

/**
 * The heap without the balloon, as {@code io.holdfast:type=Heap}: what the JVM's own metrics would say had it been
 * started with the ceiling as its maximum. All sizes are in bytes.
 */
public interface HeapMXBean {
    /** Used by the application, garbage included. */
    long getUsed();

    /** Reserved memory for. */
    long getCommitted();

    /** What the application can get at most, now. */
    long getCeiling();

    /** What the ceiling can be at most: {@code -Xmx}. */
    long getMax();

    /** Alive after the last full or mixed collection; -1 if there was none. */
    long getLive();

    /** Held by the balloon: part of the JVM's own used and committed, and of no memory. */
    long getBalloon();

    /** Times that the balloon gave way to an application that needed memory. */
    long getGaveWay();
}
