package io.holdfast.demo;

import java.time.Duration;

/**
 * What happens when, the same in both runs.
 *
 * @param warmUp from the first output until the observation begins
 * @param lead observed before the task is made to fail
 * @param afterTask until the TaskManager is killed
 * @param afterTaskManager until another one is evicted
 * @param afterEviction until the stream is drained
 * @param notice that an eviction gives before the TaskManager is gone
 */
record Schedule(
        Duration warmUp,
        Duration lead,
        Duration afterTask,
        Duration afterTaskManager,
        Duration afterEviction,
        Duration notice,
        int flightsPerSecond) {

    static final int PARALLELISM = 4;
    static final int TASK_MANAGERS = 4;
    static final int SLOTS_PER_TASK_MANAGER = 2;
    /** The keyed subtask that is made to fail. */
    static final int FAILED_SUBTASK = 1;
    /** The TaskManager that is killed is the one on which this keyed subtask runs then. */
    static final int KILLED_WITH_SUBTASK = 2;
    /** The same for the one that is evicted. */
    static final int EVICTED_WITH_SUBTASK = 3;

    private static final int FLIGHTS_PER_SECOND = 8_000;
    private static final Duration NOTICE = Duration.ofSeconds(30);

    static Schedule of(boolean quick) {
        return quick
                ? new Schedule(seconds(4), seconds(2), seconds(6), seconds(8), seconds(7), NOTICE, FLIGHTS_PER_SECOND)
                : new Schedule(
                        seconds(12), seconds(6), seconds(14), seconds(20), seconds(14), NOTICE, FLIGHTS_PER_SECOND);
    }

    private static Duration seconds(int seconds) {
        return Duration.ofSeconds(seconds);
    }
}
