package io.holdfast.jarcache.init;

import io.holdfast.jarcache.BundledJar;
import io.holdfast.jarcache.source.SourceUri;
import java.net.URI;
import java.util.Optional;

/** Where a jar is fetched from that the image does not have. */
sealed interface FallbackSource {
    /** The URI of {@code jar} there; empty if it cannot be there. */
    Optional<URI> of(BundledJar jar);

    /** The jar's own source. */
    record Declared() implements FallbackSource {
        @Override
        public Optional<URI> of(BundledJar jar) {
            return jar.source();
        }

        @Override
        public String toString() {
            return "declared";
        }
    }

    /**
     * A directory in which jars have their names.
     *
     * @param base with or without a slash at its end
     */
    record Directory(URI base) implements FallbackSource {
        @Override
        public Optional<URI> of(BundledJar jar) {
            String text = base.toString();
            return Optional.of(URI.create(text + (text.endsWith("/") ? "" : "/") + jar.name()));
        }

        @Override
        public String toString() {
            return SourceUri.shown(base);
        }
    }
}
