package io.holdfast.jarcache.builder;

import com.google.cloud.tools.jib.api.ImageReference;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.api.TarImage;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** What an image is put upon: nothing, an image of a registry, or a tar that {@code docker save} wrote. */
record Base(String text) {

    private static final String SCRATCH = "scratch";
    private static final String TAR = "tar:";

    JibContainerBuilder begin(Function<ImageReference, RegistryImage> registry) throws InvalidImageReferenceException {
        if (text.equals(SCRATCH)) {
            return Jib.fromScratch();
        }
        if (text.startsWith(TAR)) {
            Path file = Path.of(text.substring(TAR.length()));
            if (!Files.isRegularFile(file)) {
                throw new HoldfastException(
                        Disposition.FATAL, "There is no base image " + file, "Build it, or correct --base");
            }
            return Jib.from(TarImage.at(file.toAbsolutePath()));
        }
        return Jib.from(registry.apply(ImageReference.parse(text)));
    }
}
