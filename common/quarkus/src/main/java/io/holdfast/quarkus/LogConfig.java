package io.holdfast.quarkus;

import io.smallrye.config.WithDefault;

/** How a program logs; a group in the mapping of each. */
public interface LogConfig {
    /** The least that is logged. {@code debug} tells each jar, request or decision; {@code error} only what needs you. */
    @WithDefault("info")
    LogLevel level();

    /** {@code plain} is one line per event, {@code json} one JSON object per event. */
    @WithDefault("plain")
    LogFormat format();

    /** Levels of SLF4J. */
    enum LogLevel {
        ERROR,
        WARN,
        INFO,
        DEBUG,
        TRACE
    }

    /** What a log line looks like. */
    enum LogFormat {
        PLAIN,
        JSON
    }
}
