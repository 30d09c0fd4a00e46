package io.holdfast.migration.state;

import java.util.List;

/**
 * One subtask's local state of one checkpoint. Its directories are named as by Flink 2.2 and 2.3, in {@code
 * TaskExecutorLocalStateStoresManager} and {@code LocalSnapshotDirectoryProviderImpl}.
 *
 * @param allocation of the slot, as all ids in 32 hexadecimal digits
 */
record CheckpointId(String allocation, String job, String vertex, String subtask, String checkpoint) {

    /** From one directory to the next, below a local state directory. */
    List<String> directories() {
        return List.of("aid_" + allocation, "jid_" + job, "vtx_" + vertex + "_sti_" + subtask, "chk_" + checkpoint);
    }

    @Override
    public String toString() {
        return "job=%s vertex=%s subtask=%s checkpoint=%s".formatted(job, vertex, subtask, checkpoint);
    }
}
