package io.holdfast.migration.notice;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/** The token that a metadata server wants with each request, got by another one. Used by one thread. */
final class SessionToken {
    private static final Duration VALID = Duration.ofHours(6);

    private final MetadataServer server;
    private final String path;
    private final String validHeader;
    private final String header;
    private final LongSupplier nanoClock;
    private Optional<String> token = Optional.empty();
    private long gotNanos;

    /**
     * @param validHeader with which it is asked for, and how long it shall be valid, in seconds
     * @param header with which it is sent
     */
    SessionToken(MetadataServer server, String path, String validHeader, String header, LongSupplier nanoClock) {
        this.server = server;
        this.path = path;
        this.validHeader = validHeader;
        this.header = header;
        this.nanoClock = nanoClock;
    }

    /** What to send along; a new token when the old one has only an hour left. */
    Map<String, String> headers() throws IOException {
        if (token.isEmpty()
                || nanoClock.getAsLong() - gotNanos > VALID.minusHours(1).toNanos()) {
            token = Optional.of(server.put(path, Map.of(validHeader, Long.toString(VALID.toSeconds()))));
            gotNanos = nanoClock.getAsLong();
        }
        return Map.of(header, token.get());
    }

    /** Gets another one next time. */
    void forget() {
        token = Optional.empty();
    }

    /** As {@link MetadataServer#get}; once again with another token if this one is not taken any more. */
    Optional<String> get(String path) throws IOException {
        try {
            return server.get(path, headers());
        } catch (MetadataServer.UnexpectedStatus e) {
            if (e.code() != 401 && e.code() != 403) {
                throw e;
            }
            forget();
            return server.get(path, headers());
        }
    }
}
