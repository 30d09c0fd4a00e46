package io.holdfast.quarkus;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A token in a file that requests must carry. It is read for each of them, so it can be replaced. */
public final class BearerToken {
    /** What stands before the token, for {@code WWW-Authenticate}. */
    public static final String SCHEME = "Bearer";

    private static final Logger LOG = LoggerFactory.getLogger(BearerToken.class);

    private BearerToken() {}

    /**
     * Whether {@code header}, which may be null, is {@code Bearer} and the token in {@code file}. Compares in a time that does not
     * depend on how much of it is right. A token that cannot be read lets nobody in.
     */
    public static boolean allowed(String header, Path file) {
        if (header == null || !header.startsWith(SCHEME + " ")) {
            return false;
        }
        try {
            return matches(header, Files.readString(file).strip());
        } catch (IOException e) {
            LOG.error(
                    "Token not read, so nobody is let in: file={} reason={}. Mount it, readable for this user",
                    file,
                    e.toString());
            return false;
        }
    }

    /**
     * Whether {@code header}, which may be null, is {@code Bearer} and {@code token}. Compares in a time that does not depend on
     * how much of it is right. An empty token lets nobody in.
     */
    public static boolean matches(String header, String token) {
        if (header == null || !header.startsWith(SCHEME + " ")) {
            return false;
        }
        byte[] expected = token.getBytes(StandardCharsets.UTF_8);
        byte[] given = header.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8);
        return expected.length > 0 && MessageDigest.isEqual(expected, given);
    }
}
