package io.holdfast.resize.apply;

import io.holdfast.resize.observe.CgroupMemory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the kernel give up page cache of the container, where the cgroup may be written. The kubelet counts it as used, and
 * nothing else makes it go away while there is room.
 */
final class PageCache {
    private static final Logger LOG = LoggerFactory.getLogger(PageCache.class);

    /** Asks the kernel for {@code bytes}; returns whether there was anything to ask. */
    boolean reclaim(CgroupMemory memory, long bytes) {
        Optional<Path> file = memory.reclaimFile();
        if (file.isEmpty() || bytes <= 0) {
            return false;
        }
        String amount = memory.version() == 2 ? Long.toString(bytes) : "0"; // v1 gives up all it can
        try {
            Files.writeString(file.get(), amount, StandardCharsets.US_ASCII, StandardOpenOption.WRITE);
        } catch (IOException e) { // v2 says EAGAIN where it has found less
            LOG.debug("Page cache reclaimed in part: file={} bytes={} reason={}", file.get(), bytes, e.toString());
        }
        return true;
    }
}
