package io.holdfast.migration.plan;

import java.time.Duration;

/**
 * How long things may take.
 *
 * @param budget how long the pod's end is held up
 * @param reserve how long before the pod may be gone its tasks must have left, for Flink to end in that time
 * @param undated how long a move may take for a notice that does not say when
 * @param leaving how long the JobManager shall put nothing on the TaskManager after it was asked last
 */
public record Rules(Duration budget, Duration reserve, Duration undated, Duration leaving) {}
