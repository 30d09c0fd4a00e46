package io.holdfast.guard;

import io.holdfast.guard.tls.CertificateIssuer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Certificates that somebody else has made. */
final class GivenCertificates {
    private GivenCertificates() {}

    /** As a Secret of cert-manager has them: {@code ca.crt}, {@code tls.crt} and {@code tls.key}. */
    static Map<String, String> made() {
        String service = FakeApiServer.SERVICE + "." + FakeApiServer.NAMESPACE + ".svc";
        return new CertificateIssuer(
                        "somebody-else",
                        List.of(service),
                        Duration.ofDays(1),
                        Duration.ofDays(1),
                        Duration.ofMinutes(1),
                        InstantSource.system())
                .create()
                .entries();
    }

    static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
