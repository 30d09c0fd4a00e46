package io.holdfast.migration.state;

/** Told of what is served. Any thread. */
public interface StateMeters {
    void answered(StateAnswer answer);

    /** Of files, in an answer that was sent to its end. */
    void sent(long bytes);

    /** A file was read for its checksum. */
    void checksummed();
}
