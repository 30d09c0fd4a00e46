package io.holdfast.resize.plan;

import java.util.List;
import java.util.Optional;

/**
 * What to do next.
 *
 * @param launch step to begin; absent if one is under way, or there is nothing to do
 * @param deadlineNanos of the monotonic clock, by which the step is to be done
 * @param lookAgainNanos of the monotonic clock, when to ask again at the latest if nothing happens; in the past if never
 * @param reports what to tell people, in this order
 */
public record Turn(Optional<Step> launch, long deadlineNanos, long lookAgainNanos, List<Report> reports) {

    /** Something that people should know of. */
    public sealed interface Report {
        /** A resize began. {@code remark} is what is wrong with it, or blank. */
        record Begun(Operation operation, String remark) implements Report {}

        /** The JVM lives by the smaller limit; {@code again}, after it did not for a while. */
        record Ready(Operation operation, long nanos, boolean again) implements Report {}

        /** What was changed is taken back. */
        record RollingBack(Operation operation, String reason) implements Report {}

        /** A step was not done; what follows from it is told separately. */
        record StepFailed(Operation operation, Step step, String reason) implements Report {}

        /** A resize ended. */
        record Ended(Operation operation, Outcome outcome, String reason, long nanos) implements Report {}

        /** Limits cannot be followed. */
        record Unusable(String reason) implements Report {}
    }
}
