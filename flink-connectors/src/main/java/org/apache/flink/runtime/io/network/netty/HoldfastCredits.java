package org.apache.flink.runtime.io.network.netty;

import org.apache.flink.runtime.io.network.partition.BufferAvailabilityListener;

/**
 * Reads how many credits a consumer has given.
 *
 * <p>Flink class: {@link CreditBasedSequenceNumberingViewReader}, read at 2.2.1 and 2.3.0. Here because that class and
 * its {@code getNumCreditsAvailable} are package-private.
 */
public final class HoldfastCredits {

    /** Of a consumer that gives no credits: it is local, or there is none. */
    public static final int NONE = -1;

    private HoldfastCredits() {}

    /**
     * Any thread, without a lock: the netty thread writes it, no edge leads from there to here, and this may see an older
     * value. It is for metrics.
     *
     * @param listener what a consumer has attached with
     */
    public static int of(BufferAvailabilityListener listener) {
        return listener instanceof CreditBasedSequenceNumberingViewReader reader
                ? reader.getNumCreditsAvailable()
                : NONE;
    }
}
