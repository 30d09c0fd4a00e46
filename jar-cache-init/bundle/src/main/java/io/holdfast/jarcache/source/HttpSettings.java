package io.holdfast.jarcache.source;

import java.time.Duration;

/**
 * How patient downloads over HTTP are.
 *
 * @param readTimeout how long a server may send nothing
 * @param attempts that may fail one after the other without a byte between them
 * @param firstPause between two attempts; it doubles each time
 * @param longestPause between two attempts, whatever the server asks for
 */
public record HttpSettings(
        Duration connectTimeout, Duration readTimeout, int attempts, Duration firstPause, Duration longestPause) {

    /** Ends after about 15 s with a server that refuses. */
    public static final HttpSettings USUAL = new HttpSettings(
            Duration.ofSeconds(10), Duration.ofSeconds(30), 5, Duration.ofMillis(500), Duration.ofSeconds(30));
}
