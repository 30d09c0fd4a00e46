package io.holdfast.flink.networkmemory;

/** What other tools in the JVM see of the network memory, and how they change its size. Any thread. */
public interface NetworkMemoryMXBean {

    /** Size of a segment, which is a network buffer. */
    int getSegmentBytes();

    /** Memory of all segments that are held now, free or in use; more than the target while a shrink drains. */
    long getSizeBytes();

    /** Size that was asked for last and accepted. */
    long getTargetBytes();

    /** Memory of segments that are in somebody's hands: a pool's, a channel's, or on their way. */
    long getUsedBytes();

    /** What cannot be given back now: what tasks must have, and slabs with exclusive buffers of live channels. */
    long getFloorBytes();

    /** Least size by configuration. */
    long getMinBytes();

    /** Greatest size by configuration. */
    long getMaxBytes();

    /** What is still to be given back: size less target while a shrink drains, else 0. */
    long getDebtBytes();

    /** How often the memory has grown without being told to, because tasks must have more than a shrink had left. */
    long getGrownBack();

    /**
     * Grows at once; shrinks the pools at once and gives memory back as their buffers return.
     *
     * @param bytes wanted size; rounded up to segments, and to whole slabs where it shrinks
     * @return the target that was accepted
     * @throws IllegalArgumentException if the size is out of bounds, below the floor or more than the JVM's limit of
     *     direct memory allows; then nothing has changed
     */
    long resize(long bytes);
}
