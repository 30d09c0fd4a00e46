package io.holdfast.guard.tls;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A certificate and its key that somebody else renews, such as cert-manager, in files of a mounted Secret. */
public final class CertificateFiles {
    private final Path certificate;
    private final Path key;

    public CertificateFiles(Path certificate, Path key) {
        this.certificate = certificate;
        this.key = key;
    }

    /** @throws HoldfastException RETRYABLE if they cannot be read or used; they may be in the middle of their renewal */
    public KeyPairAndChain read() {
        KeyPairAndChain pair = new KeyPairAndChain(
                Pem.key(key.toString(), text(key)), Pem.certificates(certificate.toString(), text(certificate)));
        if (!pair.belongTogether()) {
            throw new HoldfastException(
                    Disposition.RETRYABLE,
                    "The key in %s is not that of the certificate in %s".formatted(key, certificate),
                    "Mount both from one Secret; while it is being replaced this passes by itself");
        }
        return pair;
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new HoldfastException(
                    Disposition.RETRYABLE,
                    "%s cannot be read: %s".formatted(file, e),
                    "Mount the Secret there, readable for this user",
                    e);
        }
    }
}
