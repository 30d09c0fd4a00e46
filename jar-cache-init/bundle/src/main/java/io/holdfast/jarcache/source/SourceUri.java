package io.holdfast.jarcache.source;

import java.net.URI;
import java.util.Locale;

/** What may be said of a source to others, and what a source must not hold. */
public final class SourceUri {

    private SourceUri() {}

    /** {@code uri} as it may be logged: without user, query and fragment, which may hold secrets. */
    public static String shown(URI uri) {
        String authority = uri.getRawAuthority();
        String path = uri.getRawPath() == null ? "" : uri.getRawPath();
        return uri.getScheme()
                + ":"
                + (authority == null ? "" : "//" + authority.substring(authority.lastIndexOf('@') + 1))
                + path;
    }

    /**
     * Whether {@code uri} names its user, with or without a password. Hosts with names that {@link URI} does not take for
     * names of hosts count too.
     */
    public static boolean hasUser(URI uri) {
        return uri.getRawAuthority() != null && uri.getRawAuthority().contains("@");
    }

    /**
     * @throws IllegalArgumentException if no {@link JarSource} can take {@code uri}, whatever is there; the message goes on
     *     with its name
     */
    public static void requireUsable(URI uri) {
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        if (!JarSources.schemes().contains(scheme)) {
            throw new IllegalArgumentException(
                    "must begin with one of %s:".formatted(String.join(":, ", JarSources.schemes())));
        }
        if (uri.getRawPath() == null || !uri.getRawPath().startsWith("/")) {
            throw new IllegalArgumentException("must have a path that begins with /: " + shown(uri));
        }
        if (scheme.equals("file") ? uri.getRawAuthority() != null : uri.getRawAuthority() == null) {
            throw new IllegalArgumentException(
                    (scheme.equals("file") ? "must have no host, as in file:/path: " : "must have a host: ")
                            + shown(uri));
        }
        if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new IllegalArgumentException("must have no query, for it may hold a token: " + shown(uri));
        }
    }
}
