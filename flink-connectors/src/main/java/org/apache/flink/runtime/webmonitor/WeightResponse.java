package org.apache.flink.runtime.webmonitor;

import org.apache.flink.runtime.operators.coordination.CoordinationResponse;

/** The answer to a {@link WeightRequest}. Here because messages between processes must be visible to Flink's RPC class loader. */
public final class WeightResponse implements CoordinationResponse {

    private static final long serialVersionUID = 1L;

    private static final int NOBODY_CHOOSES = -1;

    /** No producer of the job chooses its receivers, so a weight means nothing. */
    public static final WeightResponse MEANINGLESS = new WeightResponse(NOBODY_CHOOSES);

    private final int receivers;

    /** JobMaster main thread. {@code receivers}: how many tasks on the TaskManager the weight is for. */
    public WeightResponse(int receivers) {
        this.receivers = receivers;
    }

    /** Any thread. How many tasks on the TaskManager the weight is for. */
    public int receivers() {
        return receivers;
    }

    /** Any thread. Whether this is {@link #MEANINGLESS}, which another process may have sent. */
    public boolean isMeaningless() {
        return receivers == NOBODY_CHOOSES;
    }
}
