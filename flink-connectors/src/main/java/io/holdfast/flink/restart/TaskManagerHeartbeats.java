package io.holdfast.flink.restart;

import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.heartbeat.HeartbeatListener;
import org.apache.flink.runtime.heartbeat.HeartbeatManager;
import org.apache.flink.runtime.heartbeat.HeartbeatServices;
import org.apache.flink.runtime.heartbeat.HeartbeatServicesImpl;
import org.apache.flink.util.concurrent.ScheduledExecutor;
import org.slf4j.Logger;

/**
 * Heartbeats of a JobMaster whose job restarts task by task: its TaskManagers are asked often and given up early, for
 * giving one up costs little. Towards the ResourceManager everything is as configured.
 */
public final class TaskManagerHeartbeats implements HeartbeatServices {

    /** Calls in a row that find nobody at a TaskManager's address; its process is gone then. */
    private static final int UNREACHABLE_AFTER = 2;

    private final HeartbeatServices stock;
    private final HeartbeatServices taskManagers;

    /** JobMaster creation thread. */
    public TaskManagerHeartbeats(HeartbeatServices stock, RestartSettings settings) {
        this.stock = stock;
        this.taskManagers = new HeartbeatServicesImpl(
                settings.heartbeatIntervalMs(), settings.suspectTimeoutMs(), UNREACHABLE_AFTER);
    }

    @Override
    public <I, O> HeartbeatManager<I, O> createHeartbeatManager(
            ResourceID resourceId, HeartbeatListener<I, O> listener, ScheduledExecutor mainThread, Logger log) {
        return stock.createHeartbeatManager(resourceId, listener, mainThread, log);
    }

    @Override
    public <I, O> HeartbeatManager<I, O> createHeartbeatManagerSender(
            ResourceID resourceId, HeartbeatListener<I, O> listener, ScheduledExecutor mainThread, Logger log) {
        return taskManagers.createHeartbeatManagerSender(resourceId, listener, mainThread, log);
    }
}
