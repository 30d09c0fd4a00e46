package io.holdfast.agent;

/** The limit of direct memory, as {@code io.holdfast:type=DirectMemory}. All sizes are in bytes. */
public interface DirectMemoryMXBean {
    /** What may be allocated in all, now; -1 if this JDK does not tell. */
    long getLimit();

    /** What counts against the limit. */
    long getUsed();

    /** Times that the limit was raised for somebody who needed it. */
    long getGaveWay();

    /**
     * Raises the limit by up to {@code bytes}, for somebody in this JVM who must have so much more and gave it up before: not
     * above the largest limit that there was, nor by more than the cgroup and the machine can take.
     *
     * @return whether so much can be allocated now; if not, nothing has changed
     */
    boolean lend(long bytes);
}
