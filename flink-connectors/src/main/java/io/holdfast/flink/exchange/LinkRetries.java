package io.holdfast.flink.exchange;

/**
 * How long a channel waits until it opens a link again, and for how long it bears with a want of network buffers.
 *
 * <p>Not thread-safe: its channel guards it.
 */
public final class LinkRetries {

    /** The longest time between two attempts to open a link, in milliseconds. */
    public static final long LONGEST_DELAY_MS = 1_000;

    static final long FIRST_DELAY_MS = 100;

    /** Links opened in vain for want of buffers until the task is failed for it, about ten seconds. */
    static final int SHORTAGES = 12;

    private long delayMs = FIRST_DELAY_MS;

    /** Links in a row that could not be opened for want of network buffers. */
    private int openedInVain;

    /** Holder of the channel's lock. A producer was found, or another one is looked for: begins with short delays. */
    public void reset() {
        delayMs = FIRST_DELAY_MS;
    }

    /** Holder of the channel's lock. A link was opened, so there were buffers for it. */
    public void opened() {
        openedInVain = 0;
    }

    /** Holder of the channel's lock. A link failed for {@code cause}; whether that was one want of buffers too many. */
    public boolean hopeless(Throwable cause) {
        return isShortage(cause) && ++openedInVain >= SHORTAGES;
    }

    /** Holder of the channel's lock. Time until the next attempt, in milliseconds; longer from time to time. */
    public long nextDelayMs() {
        long next = delayMs;
        delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS);
        return next;
    }

    private static boolean isShortage(Throwable cause) {
        return String.valueOf(cause.getMessage()).startsWith("Insufficient number of network buffers");
    }
}
