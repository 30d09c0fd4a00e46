package io.holdfast.jarcache.init;

import io.holdfast.base.Disposition;
import io.holdfast.base.ExitCode;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.BundledJar;
import io.holdfast.jarcache.Checksum;
import io.holdfast.jarcache.source.JarSource;
import io.holdfast.jarcache.source.SourceUri;
import io.holdfast.jarcache.source.Transfer;
import io.holdfast.quarkus.ProgramFailure;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fetches jars that the image does not have, or has damaged. Thread-safe. */
final class Fallbacks {
    private static final Logger LOG = LoggerFactory.getLogger(Fallbacks.class);

    private final List<FallbackSource> order;
    private final JarSource sources;
    private final JarShelf shelf;

    Fallbacks(List<FallbackSource> order, JarSource sources, JarShelf shelf) {
        this.order = order;
        this.sources = sources;
        this.shelf = shelf;
    }

    /**
     * Puts {@code jar} on the shelf, from the first source that has the right bytes.
     *
     * @param why what is wrong with the one in the image
     * @throws ProgramFailure with {@link ExitCode#UNAVAILABLE} if no source has it
     * @throws HoldfastException as {@link VolumeFailure} says
     */
    void fetch(BundledJar jar, String why) {
        LOG.warn("Jar in the image unusable: jar={} reason={}", jar.path(), why);
        List<String> tried = new ArrayList<>();
        for (FallbackSource source : order) {
            Optional<URI> uri = source.of(jar);
            if (uri.isEmpty()) {
                tried.add("the bundle declares no source for it");
                continue;
            }
            String shown = SourceUri.shown(uri.get());
            try {
                shelf.place(jar, partial -> fill(jar, uri.get(), partial));
                LOG.warn("Jar fetched instead: jar={} bytes={} from={}", jar.path(), jar.bytes(), shown);
                return;
            } catch (UnusableJar e) {
                tried.add(shown + " will not do, " + e.getMessage());
            } catch (SourceFailure e) {
                tried.add(e.getMessage());
                LOG.debug("Fallback source failed, with all causes: jar={} from={}", jar.path(), shown, e);
            }
            LOG.warn("Fallback source failed: jar={} reason={}", jar.path(), tried.get(tried.size() - 1));
        }
        throw new ProgramFailure(
                ExitCode.UNAVAILABLE,
                new HoldfastException(
                        Disposition.FATAL,
                        "%s of the bundle in the image cannot be used (%s), and no fallback source has it (%s)"
                                .formatted(
                                        jar.path(), why, tried.isEmpty() ? "there are none" : String.join("; ", tried)),
                        "Build the image again with './holdfast bundle build', or make the jar available where"
                                + " HOLDFAST_JAR_CACHE_FALLBACK_SOURCES says"));
    }

    /** What a source has said, kept apart from what the shelf's own volume says. */
    private static final class SourceFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        SourceFailure(HoldfastException failure) {
            super(
                    failure.problem().lines().findFirst().orElse("")
                            // else trying again may do, and that is said for all sources at once
                            + (failure.disposition() == Disposition.FATAL ? ". " + failure.remedy() : ""),
                    failure);
        }
    }

    private void fill(BundledJar jar, URI uri, Path partial) throws IOException, UnusableJar {
        try {
            sources.fetch(uri, partial, new Transfer() {
                @Override
                public void at(long bytes, long ofBytes) {
                    // a pod's log is no place for progress
                }

                @Override
                public void retry(String why) {
                    LOG.warn("Fetch tried again: jar={} reason={}", jar.path(), why);
                }
            });
        } catch (HoldfastException e) {
            Optional<IOException> full = VolumeFailure.refusalIn(e);
            if (full.isPresent()) {
                throw full.get();
            }
            throw new SourceFailure(e);
        }
        JarShelf.checkSize(jar, Files.size(partial));
        JarShelf.check(jar, Checksum.SHA_256, Checksum.SHA_256.of(partial));
        Directories.readableByAll(partial);
    }
}
