package io.holdfast.flink.autopartition;

/** A way to choose among receivers. Task thread only; no lock, no allocation. */
interface Choice {

    /** What {@link #choose} returns if nobody may get anything. */
    int NOBODY = -1;

    /**
     * Who gets the next bytes.
     *
     * @param bytes of the record that is to be sent
     * @param nowNanos of the clock that all calls share
     * @return index of a receiver that may get something, or {@link #NOBODY}
     */
    int choose(int bytes, long nowNanos);

    /** Delay of the receiver that was second in the last choice, in nanoseconds; 0 if that is not known. */
    default double runnerUpNanos() {
        return 0;
    }
}
