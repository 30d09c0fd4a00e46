package io.holdfast.guard.decide;

import java.util.Locale;

/** Why an eviction is told what it is told. */
public enum Cause {
    /** The pod does not ask for protection, or is in another namespace. */
    UNGUARDED(true),
    /** The pod is gone, has ended, is being deleted, or never ran. */
    NOT_RUNNING(true),
    /** Its tasks have left, or it had none. */
    MOVED(true),
    /** The JobManager does not know the TaskManager of this pod, so there is nothing to move. */
    NO_TASKMANAGER(true),
    /** It has taken too long. */
    FORCED(true),
    /** The JobManager is away for too long. */
    JOBMANAGER_AWAY(true),
    /** The JobManager does not want to, or does not know moves. */
    REFUSED(true),
    /** Neither a label nor an annotation says where the JobManager is. */
    UNLOCATED(true),
    /** Its record cannot be kept at the pod, without which it could be held up for ever. */
    NOT_REMEMBERED(true),
    /** It could not be decided in time. */
    TIMED_OUT(true),
    /** The guard itself failed. */
    FAILED(true),

    /** Its tasks are being moved. */
    MOVING(false),
    /** Others of the same JobManager are being moved, as many as may be at once. */
    WAITING(false),
    /** Its move failed, and is tried again at the next request. */
    MOVE_FAILED(false),
    /** The JobManager is away, and is waited for. */
    JOBMANAGER_AWAITED(false);

    private final boolean allows;

    Cause(boolean allows) {
        this.allows = allows;
    }

    public boolean allows() {
        return allows;
    }

    /** As it is written in logs and metrics. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
