package io.holdfast.images;

import com.google.cloud.tools.jib.api.CacheDirectoryCreationException;
import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.JibContainer;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.LogEvent;
import com.google.cloud.tools.jib.api.RegistryException;
import com.google.cloud.tools.jib.api.TarImage;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;

/** An image in one file, as {@code podman load} and {@code docker load} take it, and Jib as {@code tar://FILE}. */
record ImageArchive(Path file, String name, Path cache) {

    /** Writes the image and returns its digest. */
    String write(JibContainerBuilder image) throws IOException, InterruptedException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        try {
            Containerizer target = Containerizer.to(TarImage.at(file).named(name))
                    .setApplicationLayersCache(cache.resolve("layers"))
                    .setBaseImageLayersCache(cache.resolve("base"))
                    .setToolName("holdfast")
                    .addEventHandler(LogEvent.class, ImageArchive::log);
            JibContainer made = image.containerize(target);
            String digest = made.getDigest().toString();
            Files.writeString(file.resolveSibling(file.getFileName() + ".digest"), digest + "\n");
            return digest;
        } catch (RegistryException e) {
            throw new HoldfastException(
                    Disposition.RETRYABLE,
                    "The base image of %s cannot be had: %s".formatted(name, e.getMessage()),
                    "Check that this machine reaches the registry, or give a local base with"
                            + " -Dholdfast.image.base=tar:///path/of/base.tar",
                    e);
        } catch (InvalidImageReferenceException e) {
            throw new HoldfastException(
                    Disposition.FATAL, "'%s' is no name of an image".formatted(name), "Give NAME or NAME:TAG", e);
        } catch (CacheDirectoryCreationException | ExecutionException e) {
            throw new IOException("%s not written: %s".formatted(file, e.getCause()), e);
        }
    }

    private static void log(LogEvent event) {
        if (event.getLevel() == LogEvent.Level.ERROR || event.getLevel() == LogEvent.Level.WARN) {
            System.err.println(event.getMessage());
        }
    }
}
