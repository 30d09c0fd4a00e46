package io.holdfast.jarcache;

import java.net.URI;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A jar of a bundle.
 *
 * @param name of the file
 * @param place where it goes
 * @param source where else it can be fetched from, with scheme {@code hdfs}, {@code http} or {@code https}; empty if it was
 *     a file of the machine that built the bundle
 * @param sha256 of its bytes, 64 digits in lower case
 * @param crc32c of its bytes, 8 digits in lower case
 * @param bytes how many
 */
public record BundledJar(String name, Place place, Optional<URI> source, String sha256, String crc32c, long bytes) {

    /** What a name may be, for messages. */
    public static final String NAME_RULE =
            "the name of a file, of letters, digits, '.', '_', '+' and '-', that ends with .jar";

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._+-]*\\.jar");
    private static final Pattern CRC32C = Pattern.compile("[0-9a-f]{8}");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    /** @throws IllegalArgumentException if a part is not what it must be; the message says which and why */
    public BundledJar {
        Objects.requireNonNull(place, "place");
        Objects.requireNonNull(source, "source");
        if (!isName(name)) {
            throw new IllegalArgumentException("name must be " + NAME_RULE + ": " + name);
        }
        if (!isSha256(sha256)) {
            throw new IllegalArgumentException("sha256 must be 64 hexadecimal digits in lower case: " + sha256);
        }
        if (!isCrc32c(crc32c)) {
            throw new IllegalArgumentException("crc32c must be 8 hexadecimal digits in lower case: " + crc32c);
        }
        if (bytes <= 0) {
            throw new IllegalArgumentException("bytes must be positive: " + bytes);
        }
    }

    public static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    public static boolean isSha256(String text) {
        return SHA256.matcher(text).matches();
    }

    public static boolean isCrc32c(String text) {
        return CRC32C.matcher(text).matches();
    }

    /** Where it is, relative to what all places are relative to: {@code lib/x.jar}. */
    public String path() {
        return place.path() + "/" + name;
    }

    /** Whether two jars would be the same file where file names have no case. */
    boolean sameFileAs(BundledJar other) {
        return path().toLowerCase(Locale.ROOT).equals(other.path().toLowerCase(Locale.ROOT));
    }
}
