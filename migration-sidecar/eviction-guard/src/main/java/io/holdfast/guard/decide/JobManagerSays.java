package io.holdfast.guard.decide;

/** What a JobManager says when the tasks of a TaskManager shall leave it. */
public sealed interface JobManagerSays {
    /** None of its TaskManagers is in the pod. */
    record NoTaskManager() implements JobManagerSays {}

    /** No task is there any more. */
    record Moved() implements JobManagerSays {}

    /** @param state how far it is, in the words of the JobManager */
    record Moving(String id, String state) implements JobManagerSays {}

    /** It would begin to move them: the answer to a dry run. */
    record WouldMove() implements JobManagerSays {}

    /** The move that was asked for last has ended without moving them. */
    record MoveFailed(String id, String why) implements JobManagerSays {}

    /** As many TaskManagers of this JobManager as may be at once are moving: {@code others}. */
    record Busy(String others) implements JobManagerSays {}

    /** Nobody answers. */
    record Away(String why) implements JobManagerSays {}

    /** It does not want to, or cannot. */
    record Refused(String why) implements JobManagerSays {}
}
