package io.holdfast.resize.plan;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * Everything that is known outside, at one moment.
 *
 * @param nowNanos of the monotonic clock
 * @param limitBytes of the container; absent if it is not known or there is none
 * @param usageBytes of the container, page cache included; absent if it is not known
 * @param taskManager absent while no agent answers
 * @param pod absent without API server, or before it has answered
 * @param cancel whether the resize that is under way shall be given up
 * @param result of the step that was under way, if it has just ended
 */
public record World(
        long nowNanos,
        OptionalLong limitBytes,
        OptionalLong usageBytes,
        Optional<TaskManager> taskManager,
        Optional<Pod> pod,
        boolean cancel,
        Optional<Result> result) {

    /** Before the first look. */
    public static World unknown(long nowNanos) {
        return new World(
                nowNanos,
                OptionalLong.empty(),
                OptionalLong.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty());
    }

    /**
     * What the API server says of the pod.
     *
     * @param limitBytes that the pod asks for, for the TaskManager's container
     * @param requestBytes that it asks for likewise; absent if it does not
     * @param condition what hinders a resize, if anything does
     */
    public record Pod(long limitBytes, OptionalLong requestBytes, Optional<Condition> condition) {}

    /** What hinders a resize. */
    public record Condition(Kind kind, String message) {

        /** Whether it can pass. */
        public enum Kind {
            /** The node has not enough room now. */
            DEFERRED,
            /** It can never be. */
            INFEASIBLE,
            /** The kubelet is at it; the message, if there is one, says why it has not succeeded. */
            IN_PROGRESS
        }
    }

    /** How a step ended. {@code failure} is absent if it did what it should. */
    public record Result(Step step, Optional<Failure> failure) {}

    /** Why a step failed; {@code kind} is for the decision, {@code message} for people. */
    public record Failure(Kind kind, String message) {

        /** What a failure means. */
        public enum Kind {
            INFEASIBLE,
            TIMEOUT,
            AWAY,
            /** Nothing is wrong; look again. */
            NOT_YET,
            OTHER
        }
    }
}
