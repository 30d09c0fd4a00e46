package io.holdfast.migration.state;

import java.nio.file.Path;

/** A file that can be sent. */
record StateFile(Path path, long bytes) {}
