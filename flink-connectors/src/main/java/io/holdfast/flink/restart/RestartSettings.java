package io.holdfast.flink.restart;

import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.config.HoldfastOptions.Guarantee;
import org.apache.flink.configuration.Configuration;

/**
 * Single-point restart as one job wants it. Times are in milliseconds.
 *
 * @param delayMs from the loss of a task to its restart
 * @param maxFailures of one subtask within {@code failureWindowMs}; one more falls back
 * @param attachTimeoutMs for a channel to attach, both ends running
 * @param maxIncidents kept in detail by the ledger
 */
public record RestartSettings(
        Guarantee guarantee,
        long delayMs,
        int maxFailures,
        long failureWindowMs,
        long suspectTimeoutMs,
        long heartbeatIntervalMs,
        long attachTimeoutMs,
        int maxIncidents) {

    /** Any thread. From the cluster's configuration, overridden by the job's. */
    public static RestartSettings of(Configuration cluster, Configuration job) {
        Configuration both = new Configuration(cluster);
        both.addAll(job);
        return new RestartSettings(
                both.get(HoldfastOptions.RESTART_GUARANTEE),
                both.get(HoldfastOptions.RESTART_DELAY).toMillis(),
                both.get(HoldfastOptions.RESTART_MAX_FAILURES),
                both.get(HoldfastOptions.RESTART_FAILURE_WINDOW).toMillis(),
                both.get(HoldfastOptions.RESTART_SUSPECT_TIMEOUT).toMillis(),
                both.get(HoldfastOptions.RESTART_HEARTBEAT_INTERVAL).toMillis(),
                both.get(HoldfastOptions.RESTART_ATTACH_TIMEOUT).toMillis(),
                both.get(HoldfastOptions.LEDGER_MAX_INCIDENTS));
    }
}
