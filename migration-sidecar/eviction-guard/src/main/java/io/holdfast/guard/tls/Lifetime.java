package io.holdfast.guard.tls;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/** From when until when a certificate is used. */
record Lifetime(Instant issued, Instant expires) {
    /** How far certificates are valid before they are issued, for clocks that are behind. */
    static final Duration SKEW = Duration.ofMinutes(5);

    static Lifetime of(X509Certificate certificate) {
        return new Lifetime(
                certificate.getNotBefore().toInstant().plus(SKEW),
                certificate.getNotAfter().toInstant());
    }

    /** When two thirds of it are over: early enough that whoever is to do it may fail for a while. */
    Instant renewal() {
        return issued.plus(Duration.between(issued, expires).multipliedBy(2).dividedBy(3));
    }
}
