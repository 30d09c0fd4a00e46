package io.holdfast.flink.inflight;

/**
 * Whether a subpartition is to keep what lies behind a barrier from the consumer that reads it, for the next one. Not
 * thread-safe: guarded by the subpartition's lock.
 *
 * <pre>
 *   NONE --behind--&gt; ARMED --barrierLeft--&gt; HELD
 *     ^                |                     | ^
 *     +----------------+------- over --------+ |
 *     +---------------------- again -----------+
 * </pre>
 */
public final class Hold {

    private enum State {
        NONE,
        ARMED,
        HELD
    }

    private State state = State.NONE;
    private long from;
    private boolean resumed;
    private boolean again;

    /** What lies behind the first barrier of a checkpoint {@code from} or later is to be held; repeating it changes nothing. */
    public void behind(long from) {
        if (state != State.HELD) {
            state = State.ARMED;
            this.from = from;
        }
    }

    /** The barrier of checkpoint {@code id} has left. Returns whether nothing may leave behind it. */
    public boolean barrierLeft(long id) {
        if (state != State.ARMED || id < from) {
            return false;
        }
        state = State.HELD;
        resumed = false;
        again = false;
        return true;
    }

    /** The consumer that what was held was for has gone, and things are as before it came. */
    public void again() {
        state = State.HELD;
        resumed = false;
        again = true;
    }

    /** Things are held once more that another consumer has read already. */
    public boolean isAgain() {
        return isHeld() && again;
    }

    /** The barrier has left, and nothing behind it. */
    public boolean isHeld() {
        return state == State.HELD;
    }

    /** The consumer is ready to go on behind the barrier. Returns whether that must wait until the hold is over. */
    public boolean resumes() {
        resumed = isHeld();
        return resumed;
    }

    /** Whether the consumer is ready to go on, but was not let. */
    public boolean hasResumed() {
        return isHeld() && resumed;
    }

    /** Nothing is held any more. */
    public void over() {
        state = State.NONE;
    }
}
