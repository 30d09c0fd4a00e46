package org.apache.flink.runtime.webmonitor;

import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.operators.coordination.CoordinationRequest;

/**
 * Asks a job's scheduler to set the weight of a TaskManager's tasks. It travels as a {@link LedgerRequest} does. Here
 * because messages between processes must be visible to Flink's RPC class loader.
 */
public final class WeightRequest implements CoordinationRequest {

    private static final long serialVersionUID = 1L;

    /** As {@link LedgerRequest#OPERATOR}. */
    public static final String OPERATOR = "holdfast-weight";

    private final ResourceID taskManager;
    private final double weight;

    /** REST handler thread. {@code weight} is in [0, 1]. */
    public WeightRequest(ResourceID taskManager, double weight) {
        this.taskManager = taskManager;
        this.weight = weight;
    }

    /** Any thread. */
    public ResourceID taskManager() {
        return taskManager;
    }

    /** Any thread. */
    public double weight() {
        return weight;
    }
}
