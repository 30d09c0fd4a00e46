package io.holdfast.jarcache.builder;

import io.holdfast.jarcache.source.JarSources;
import io.holdfast.jarcache.source.SourceUri;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a jar is declared to come from.
 *
 * @param declared as it stands in the bundle file
 * @param location where it is fetched from now
 * @param isLocal whether it is a file of this machine, which nobody else can fetch
 */
record JarOrigin(String declared, URI location, boolean isLocal) {

    private static final String MAVEN = "maven:";
    private static final String FILE = "file:";
    private static final Pattern COORDINATES = Pattern.compile("([\\w.-]+):([\\w.-]+):([\\w.+-]+)(?::([\\w.-]+))?");

    /**
     * @param repository of Maven coordinates, without a slash at its end
     * @param directory that files are relative to
     * @throws IllegalArgumentException if {@code declared} is no source; the message goes on with its name
     */
    static JarOrigin of(String declared, String repository, Path directory) {
        if (declared.startsWith(MAVEN)) {
            URI file = maven(declared.substring(MAVEN.length()), repository);
            requireNoPassword(file);
            return new JarOrigin(declared, file, file.getScheme().equals("file"));
        }
        if (declared.startsWith(FILE)) {
            String path = declared.substring(FILE.length()).replaceFirst("^//(?=/)", "");
            return new JarOrigin(
                    declared,
                    directory.toAbsolutePath().resolve(path).normalize().toUri(),
                    true);
        }
        URI uri;
        try {
            uri = new URI(declared);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("is no URI: " + e.getReason());
        }
        requireNoPassword(uri);
        if (!JarSources.schemes().contains(String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT))) {
            throw new IllegalArgumentException("must begin with one of %s: or maven:: %s"
                    .formatted(String.join(":, ", JarSources.schemes()), SourceUri.shown(uri)));
        }
        SourceUri.requireUsable(uri);
        return new JarOrigin(declared, uri, false);
    }

    private static void requireNoPassword(URI uri) {
        if (SourceUri.hasUser(uri)) {
            throw new IllegalArgumentException(
                    "must hold no password: what is declared is in the image for all to read: " + SourceUri.shown(uri));
        }
    }

    private static URI maven(String coordinates, String repository) {
        Matcher parts = COORDINATES.matcher(coordinates);
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    "must be maven:GROUP:ARTIFACT:VERSION[:CLASSIFIER]: maven:" + coordinates);
        }
        String version = parts.group(3);
        if (version.endsWith("-SNAPSHOT")) {
            throw new IllegalArgumentException(
                    "must be a release: " + version + " is another jar tomorrow. Publish it under a fixed version");
        }
        String classifier =
                Optional.ofNullable(parts.group(4)).map(name -> "-" + name).orElse("");
        String file = parts.group(2) + "-" + version + classifier + ".jar";
        return URI.create(
                String.join("/", repository, parts.group(1).replace('.', '/'), parts.group(2), version, file));
    }

    /** The last part of the path: what the jar is called unless it is declared otherwise. */
    String fileName() {
        String path = location.getPath();
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
