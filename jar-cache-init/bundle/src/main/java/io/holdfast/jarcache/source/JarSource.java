package io.holdfast.jarcache.source;

import io.holdfast.base.HoldfastException;
import java.net.URI;
import java.nio.file.Path;

/** A kind of place that jars are fetched from. Thread-safe. */
public interface JarSource extends AutoCloseable {

    /**
     * Writes all bytes of {@code jar} to {@code target}, in the calling thread. What is in that file before is
     * overwritten, and what is in it after a failure is not to be used. Digests are the caller's business. An interrupt
     * ends it when the next bytes come, or when the source has been silent for too long.
     *
     * @throws HoldfastException RETRYABLE if the same call may succeed later, which it has tried some times itself; FATAL
     *     if the jar is not there, may not be read, or cannot be written
     */
    void fetch(URI jar, Path target, Transfer transfer);

    @Override
    void close();
}
