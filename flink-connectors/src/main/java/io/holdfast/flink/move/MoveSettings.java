package io.holdfast.flink.move;

import io.holdfast.flink.config.HoldfastOptions;
import org.apache.flink.configuration.Configuration;

/** Whether tasks of a job are moved when their TaskManagers are to go. */
public record MoveSettings(boolean enabled) {

    /** Any thread. From the cluster's configuration, overridden by the job's. */
    public static MoveSettings of(Configuration cluster, Configuration job) {
        Configuration both = new Configuration(cluster);
        both.addAll(job);
        return new MoveSettings(both.get(HoldfastOptions.MOVE_ENABLED));
    }
}
