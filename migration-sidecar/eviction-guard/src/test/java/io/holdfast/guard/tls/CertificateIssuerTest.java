package io.holdfast.guard.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateIssuerTest {
    private static final Duration OVERLAP = Duration.ofMinutes(5);

    private Instant now = Instant.parse("2026-11-26T12:00:00Z");
    private final CertificateIssuer issuer = issuer("guard.jobs");

    @TempDir
    private Path directory;

    @Test
    void certificateLeadsToTheAuthorityAndNamesTheService() throws Exception {
        Certificates made = issuer.create();

        assertThat(trusted(made.serving().certificate(), made.authorities().get(0), now))
                .isTrue();
        assertThat(made.serving().certificate().getSubjectAlternativeNames())
                .extracting(name -> String.valueOf(name.get(1)))
                .containsExactly("guard.jobs.svc", "guard.jobs");
        assertThat(made.serving().certificate().getBasicConstraints()).isEqualTo(-1);
        assertThat(made.authorities().get(0).getBasicConstraints()).isZero();
    }

    @Test
    void whatIsWrittenIsReadAgain() {
        Certificates made = issuer.create();

        Certificates read = Certificates.of(made.entries());

        assertThat(read.serving().certificate()).isEqualTo(made.serving().certificate());
        assertThat(read.authorities()).isEqualTo(made.authorities());
        assertThat(read.entries()).isEqualTo(made.entries());
    }

    @Test
    void halvesOfTwoCertificatesAreRefused() {
        Map<String, String> mixed = new HashMap<>(issuer.create().entries());
        mixed.put("tls.key", issuer.create().entries().get("tls.key"));

        assertThatThrownBy(() -> Certificates.of(mixed)).hasMessageContaining("is not that of its certificate");
        assertThatThrownBy(() -> Certificates.of(Map.of()))
                .hasMessageContaining("ca.crt holds no readable certificate");
    }

    @Test
    void clientsThatTrustWhatWasAnnouncedAnOverlapAgoAcceptEveryCertificate() throws Exception {
        Certificates current = issuer.create();
        List<X509Certificate> announcedBefore = current.authorities();
        Instant begin = now;
        int reissued = 0;

        while (now.isBefore(begin.plus(Duration.ofDays(1200)))) {
            now = now.plus(Duration.ofHours(6));
            List<X509Certificate> known = current.authorities(); // announced at least six hours, which is an overlap
            Certificates next = issuer.renewed(current).orElse(current);
            X509Certificate served = next.serving().certificate();
            boolean accepted = false;
            for (X509Certificate authority : known) {
                accepted |= trusted(served, authority, now);
            }
            assertThat(accepted).as("at %s", now).isTrue();
            // and who heard of the newest announcement only accepts what was served a step ago
            boolean stillAccepted = false;
            for (X509Certificate authority : next.authorities()) {
                stillAccepted |= trusted(current.serving().certificate(), authority, now);
            }
            assertThat(stillAccepted).as("before, at %s", now).isTrue();
            reissued += served.equals(current.serving().certificate()) ? 0 : 1;
            current = next;
        }

        assertThat(reissued).isGreaterThan(50);
        assertThat(current.authorities().get(0)).isNotEqualTo(announcedBefore.get(0));
        assertThat(current.authorities()).hasSizeLessThanOrEqualTo(2);
    }

    @Test
    void otherServiceNameGetsANewCertificateOfTheSameAuthority() {
        Certificates old = issuer("other.jobs").create();

        Certificates next = issuer.renewed(old).orElseThrow();

        assertThat(next.authorities()).isEqualTo(old.authorities());
        assertThat(next.serving().certificate().getSubjectX500Principal().getName())
                .isEqualTo("CN=guard.jobs");
        assertThat(issuer.renewed(next)).isEmpty();
    }

    @Test
    void filesInTheFormsThatOthersWriteAreRead() throws Exception {
        Path certificate = directory.resolve("tls.crt");
        Path key = directory.resolve("tls.key");
        Certificates made = issuer.create();
        Files.writeString(certificate, made.entries().get("tls.crt"));
        Files.writeString(key, made.entries().get("tls.key"));
        CertificateFiles files = new CertificateFiles(certificate, key);
        assertThat(files.read().certificate()).isEqualTo(made.serving().certificate());

        KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
        rsa.initialize(2048);
        try (JcaPEMWriter writer = new JcaPEMWriter(Files.newBufferedWriter(key))) {
            writer.writeObject(rsa.generateKeyPair().getPrivate()); // PKCS #1, as cert-manager does by default
        }
        assertThat(Files.readString(key)).startsWith("-----BEGIN RSA PRIVATE KEY-----");
        HoldfastException foreign = catchThrowableOfType(HoldfastException.class, files::read);
        assertThat(foreign.disposition()).isEqualTo(Disposition.RETRYABLE);
        assertThat(foreign).hasMessageContaining("is not that of the certificate");

        Files.writeString(key, "secret");
        assertThatThrownBy(files::read).hasMessageContaining("holds no readable private key");
        Files.delete(key);
        assertThatThrownBy(files::read).hasMessageContaining("cannot be read");
    }

    private CertificateIssuer issuer(String name) {
        return new CertificateIssuer(
                name, List.of(name + ".svc", name), Duration.ofDays(30), Duration.ofDays(365), OVERLAP, () -> now);
    }

    private static boolean trusted(X509Certificate certificate, X509Certificate authority, Instant at)
            throws Exception {
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(authority, null)));
        parameters.setRevocationEnabled(false);
        parameters.setDate(Date.from(at));
        try {
            CertPathValidator.getInstance("PKIX")
                    .validate(
                            CertificateFactory.getInstance("X.509").generateCertPath(List.of(certificate)), parameters);
            return true;
        } catch (CertPathValidatorException e) {
            return false;
        }
    }
}
