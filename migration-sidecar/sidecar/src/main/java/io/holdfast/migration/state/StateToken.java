package io.holdfast.migration.state;

import io.holdfast.quarkus.BearerToken;
import java.security.SecureRandom;
import java.util.Base64;

/** What those must know that fetch state: made at the start of this process, and told to the JobManager alone. */
final class StateToken {
    private static final int BYTES = 32;

    private final String text;

    StateToken(SecureRandom random) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        text = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** To be told to the JobManager. */
    String text() {
        return text;
    }

    /** @param header {@code Authorization}; may be null */
    boolean allows(String header) {
        return BearerToken.matches(header, text);
    }

    @Override
    public String toString() {
        return "hidden";
    }
}
