package io.holdfast.jarcache.builder;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.nio.file.Path;

/** Where an image goes. */
sealed interface ImageTarget {

    /** {@code reference} of an image, with its registry. */
    record Registry(String reference) implements ImageTarget {}

    /** A file that {@code docker load}, {@code podman load} and {@code ctr image import} take. */
    record Tar(Path file) implements ImageTarget {}

    /** A directory as the OCI image layout specification has it. */
    record OciLayout(Path directory) implements ImageTarget {}

    /** {@code tar:FILE}, {@code oci:DIRECTORY}, or the reference of an image. */
    static ImageTarget parse(String text) {
        if (text.startsWith("tar:")) {
            return new Tar(Path.of(text.substring("tar:".length())));
        }
        if (text.startsWith("oci:")) {
            return new OciLayout(Path.of(text.substring("oci:".length())));
        }
        if (!text.contains("/")) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "'%s' is no place for an image".formatted(text),
                    "Give REGISTRY/NAME:TAG, tar:FILE or oci:DIRECTORY");
        }
        return new Registry(text);
    }
}
