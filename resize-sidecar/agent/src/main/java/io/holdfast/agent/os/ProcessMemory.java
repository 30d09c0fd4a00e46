package io.holdfast.agent.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel says about this process's memory, and the machine's; in bytes, -1 where it does not say. */
public final class ProcessMemory {
    /** Returns the resident memory of this process. */
    public long residentBytes() {
        return read("/proc/self/status", "VmRSS:");
    }

    /** Returns what the machine can give without swapping. */
    public long machineAvailableBytes() {
        return read("/proc/meminfo", "MemAvailable:");
    }

    private static long read(String file, String key) {
        try {
            for (String line : Files.readAllLines(Path.of(file))) {
                if (line.startsWith(key)) {
                    return Long.parseLong(line.substring(key.length())
                                    .replace("kB", "")
                                    .strip())
                            << 10;
                }
            }
        } catch (IOException | NumberFormatException e) {
            return -1;
        }
        return -1;
    }
}
