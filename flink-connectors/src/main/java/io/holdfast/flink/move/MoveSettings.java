package io.holdfast.flink.move;

import io.holdfast.flink.config.HoldfastOptions;
import org.apache.flink.configuration.Configuration;

/**
 * How tasks of a job are moved when their TaskManagers are to go.
 *
 * @param enabled whether they are at all
 * @param warmUp whether TaskManagers prepare for the tasks that they will get
 * @param stateHandoff whether their local state is fetched from where they were, if that is offered
 */
public record MoveSettings(boolean enabled, boolean warmUp, boolean stateHandoff) {

    /** Any thread. From the cluster's configuration, overridden by the job's. */
    public static MoveSettings of(Configuration cluster, Configuration job) {
        Configuration both = new Configuration(cluster);
        both.addAll(job);
        return new MoveSettings(
                both.get(HoldfastOptions.MOVE_ENABLED),
                both.get(HoldfastOptions.MOVE_WARM_UP),
                both.get(HoldfastOptions.MOVE_STATE_HANDOFF));
    }
}
