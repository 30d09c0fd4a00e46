package io.holdfast.jarcache.builder;

import com.google.cloud.tools.jib.api.CacheDirectoryCreationException;
import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.ImageReference;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.JibContainer;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.LogEvent;
import com.google.cloud.tools.jib.api.RegistryException;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.ImageFormat;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import com.google.cloud.tools.jib.frontend.CredentialRetrieverFactory;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.Bundle;
import io.holdfast.jarcache.BundleManifest;
import io.holdfast.jarcache.BundledJar;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;

/**
 * The image of a bundle: one layer per jar and one for {@code bundle.json}, all in {@value #DIRECTORY}. Nothing in it
 * depends on when or where it was built.
 */
final class BundleImage {

    /** Where the bundle is in an image. */
    static final String DIRECTORY = "/holdfast/bundle";

    private static final String TOOL = "holdfast";
    private static final Instant BEGINNING = Instant.ofEpochSecond(1);
    private static final FilePermissions READABLE = FilePermissions.fromOctalString("644");
    private static final int SHOWN_CAUSES = 4;

    private final Bundle bundle;
    private final Map<String, Path> files;
    private final Settings settings;
    private final Consumer<String> log;

    /**
     * How it is built.
     *
     * @param base what it is put upon
     * @param platforms for all of which it is built; more than one only to a registry
     * @param insecure whether a registry may be spoken to without TLS
     * @param cache directory of what Jib keeps
     */
    record Settings(Base base, Set<Platform> platforms, boolean insecure, Path cache) {}

    /** @param files the jar of each {@link BundledJar#path} */
    BundleImage(Bundle bundle, Map<String, Path> files, Settings settings, Consumer<String> log) {
        this.bundle = bundle;
        this.files = files;
        this.settings = settings;
        this.log = log;
    }

    /** What was built. */
    record Built(String digest, String imageId) {}

    /**
     * @throws HoldfastException if it cannot be built, or not be written or pushed
     */
    Built to(ImageTarget target) {
        if (settings.platforms.size() > 1 && !(target instanceof ImageTarget.Registry)) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "An image for several platforms can only be pushed to a registry: " + target,
                    "Build one for each platform with --platform, or push it");
        }
        Path manifest = null;
        try {
            manifest = Files.createTempFile("bundle", ".json");
            Files.write(manifest, BundleManifest.write(bundle));
            JibContainerBuilder image = image(manifest);
            if (target instanceof ImageTarget.Registry registry) {
                return push(image, registry);
            } else if (target instanceof ImageTarget.OciLayout layout) {
                return layout(image, layout.directory());
            } else {
                return write(image, ((ImageTarget.Tar) target).file());
            }
        } catch (IOException | InvalidImageReferenceException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "The image cannot be built: " + causes(e),
                    "Correct what it says, and run it again",
                    e);
        } finally {
            deleteQuietly(manifest);
        }
    }

    private JibContainerBuilder image(Path manifest) throws InvalidImageReferenceException, IOException {
        JibContainerBuilder image = settings.base
                .begin(this::registry)
                .setFormat(settings.platforms.size() > 1 ? ImageFormat.Docker : ImageFormat.OCI) // Jib has no OCI index
                .setCreationTime(Instant.EPOCH)
                .setPlatforms(settings.platforms)
                .addLabel("org.opencontainers.image.title", bundle.name())
                .addLabel("org.opencontainers.image.version", bundle.version())
                .addLabel("io.holdfast.bundle.flink", String.join(",", bundle.flinkVersions()))
                .addLabel("io.holdfast.bundle.java", Integer.toString(bundle.java()));
        for (BundledJar jar : bundle.jars()) {
            image.addFileEntriesLayer(
                    layer(jar.path(), files.get(jar.path()), DIRECTORY + "/" + BundleManifest.JARS + "/" + jar.path()));
        }
        return image.addFileEntriesLayer(layer(BundleManifest.FILE, manifest, DIRECTORY + "/" + BundleManifest.FILE));
    }

    private static FileEntriesLayer layer(String name, Path file, String path) {
        return FileEntriesLayer.builder()
                .setName(name)
                .addEntry(file, AbsoluteUnixPath.get(path), READABLE, BEGINNING)
                .build();
    }

    private RegistryImage registry(ImageReference reference) {
        CredentialRetrieverFactory credentials = CredentialRetrieverFactory.forImage(reference, this::tell);
        return RegistryImage.named(reference)
                .addCredentialRetriever(credentials.dockerConfig())
                .addCredentialRetriever(credentials.wellKnownCredentialHelpers())
                .addCredentialRetriever(credentials.googleApplicationDefaultCredentials());
    }

    private Built push(JibContainerBuilder image, ImageTarget.Registry registry) throws InvalidImageReferenceException {
        return containerize(image, Containerizer.to(registry(ImageReference.parse(registry.reference()))));
    }

    private Built write(JibContainerBuilder image, Path tar) throws IOException {
        Path file = tar.toAbsolutePath();
        Files.createDirectories(file.getParent());
        return containerize(image, Containerizer.to(TarImage.at(file).named(reference())));
    }

    private Built layout(JibContainerBuilder image, Path directory) throws IOException {
        Path tar = Files.createTempFile("bundle", ".tar");
        try {
            Built built = write(image, tar);
            OciLayout.unpack(tar, directory);
            return built;
        } finally {
            deleteQuietly(tar);
        }
    }

    /** What a tar calls the image. */
    private ImageReference reference() {
        return ImageReference.of(null, bundle.name(), bundle.version());
    }

    private Built containerize(JibContainerBuilder image, Containerizer containerizer) {
        containerizer
                .setToolName(TOOL)
                .setAllowInsecureRegistries(settings.insecure)
                .setBaseImageLayersCache(settings.cache.resolve("base"))
                .setApplicationLayersCache(settings.cache.resolve("layers"))
                .addEventHandler(LogEvent.class, this::tell);
        try {
            JibContainer built = image.containerize(containerizer);
            return new Built(built.getDigest().toString(), built.getImageId().toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HoldfastException(Disposition.RETRYABLE, "Interrupted", "Run it again", e);
        } catch (RegistryException e) {
            throw unreachable(e);
        } catch (ExecutionException e) { // of one of Jib's steps
            throw isOfNetwork(e) ? unreachable(e) : cannotWrite(e);
        } catch (CacheDirectoryCreationException | IOException e) {
            throw cannotWrite(e);
        }
    }

    private static boolean isOfNetwork(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RegistryException
                    || cause instanceof SocketException
                    || cause instanceof SSLException) {
                return true;
            }
        }
        return false;
    }

    private static HoldfastException unreachable(Exception e) {
        return new HoldfastException(
                Disposition.RETRYABLE,
                "The image cannot be pushed, or its base not be pulled: " + causes(e),
                "Check that the registry can be reached and that 'docker login' was done for it;"
                        + " --insecure-registry lets it be one without TLS",
                e);
    }

    private HoldfastException cannotWrite(Exception e) {
        return new HoldfastException(
                Disposition.FATAL,
                "The image cannot be built: " + causes(e),
                "Check free space and permissions of --to, and of " + settings.cache,
                e);
    }

    private void tell(LogEvent event) {
        boolean expected = settings.insecure && event.getMessage().contains("Attempting again with");
        if (!expected && (event.getLevel() == LogEvent.Level.WARN || event.getLevel() == LogEvent.Level.ERROR)) {
            log.accept(event.getMessage());
        }
    }

    /** Jib's outermost exception seldom says what was wrong. */
    private static String causes(Throwable failure) {
        StringBuilder text = new StringBuilder();
        Throwable cause = failure;
        for (int i = 0; cause != null && i < SHOWN_CAUSES; i++, cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (text.indexOf(message) < 0) {
                text.append(text.isEmpty() ? "" : ": ").append(message);
            }
        }
        return text.toString();
    }

    private static void deleteQuietly(Path file) {
        if (file != null) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                file.toFile().deleteOnExit();
            }
        }
    }
}
