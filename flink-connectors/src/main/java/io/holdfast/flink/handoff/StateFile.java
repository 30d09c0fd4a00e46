package io.holdfast.flink.handoff;

import java.nio.file.Path;

/**
 * One file of a task's local state.
 *
 * @param path relative to the directory of the checkpoint
 * @param crc32c checksum of its content
 */
record StateFile(Path path, long bytes, int crc32c) {

    /** A name under which equal files are the same: files of local state never change, and RocksDB's keep their names. */
    String key() {
        return "%08x-%d-%s".formatted(crc32c, bytes, path.getFileName());
    }
}
