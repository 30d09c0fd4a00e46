package org.apache.flink.runtime.checkpoint;

/**
 * What Flink does not say of a checkpoint that is under way. Read at 2.2.1 and 2.3.0. Here because {@link
 * PendingCheckpoint#getProps()} is package-private.
 */
public final class HoldfastPendingCheckpoints {

    private HoldfastPendingCheckpoints() {}

    /** JobMaster main thread. Whether a stop-with-savepoint is under way. */
    public static boolean anySynchronous(CheckpointCoordinator coordinator) {
        return coordinator.getPendingCheckpoints().values().stream()
                .anyMatch(pending -> pending.getProps().isSynchronous());
    }

    /** JobMaster main thread. Whether a savepoint is under way, with or without a stop. */
    public static boolean anySavepoint(CheckpointCoordinator coordinator) {
        return coordinator.getPendingCheckpoints().values().stream()
                .anyMatch(pending -> pending.getProps().isSavepoint());
    }
}
