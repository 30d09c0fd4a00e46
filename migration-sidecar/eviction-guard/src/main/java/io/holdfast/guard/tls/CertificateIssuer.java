package io.holdfast.guard.tls;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes the guard's own certificates, and renews them step by step. Bouncy Castle writes them; the JDK signs. */
public final class CertificateIssuer {
    private static final String SIGNATURE = "SHA256withECDSA";

    private final String name;
    private final List<String> dnsNames;
    private final Duration validity;
    private final Duration authorityValidity;
    private final RotationPolicy policy;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    /**
     * @param name of the server, for people
     * @param dnsNames that clients ask for
     * @param validity of the certificate
     * @param authorityValidity of the authority that signs it
     * @param overlap how long what is announced may take to reach every client and every replica
     */
    public CertificateIssuer(
            String name,
            List<String> dnsNames,
            Duration validity,
            Duration authorityValidity,
            Duration overlap,
            InstantSource clock) {
        this.name = name;
        this.dnsNames = List.copyOf(dnsNames);
        this.validity = validity;
        this.authorityValidity = authorityValidity;
        this.policy = new RotationPolicy(overlap);
        this.clock = clock;
    }

    /** Everything anew. */
    public Certificates create() {
        KeyPair authority = keys();
        X509Certificate certificate = authority(authority);
        return new Certificates(
                List.of(certificate), authority.getPrivate(), serving(certificate, authority.getPrivate()));
    }

    /** The next step of their renewal, if there is one to be done now. */
    public Optional<Certificates> renewed(Certificates current) {
        List<Lifetime> authorities =
                current.authorities().stream().map(Lifetime::of).toList();
        if (!current.serving().certificate().getSubjectX500Principal().equals(subject(name)) || !named(current)) {
            return Optional.of(reissued(current)); // the Service has another name by now
        }
        return switch (policy.next(
                authorities, current.signer(), Lifetime.of(current.serving().certificate()), clock.instant())) {
            case NOTHING -> Optional.empty();
            case CREATE -> Optional.of(create());
            case ADD_AUTHORITY -> Optional.of(withAuthority(current));
            case REISSUE -> Optional.of(reissued(current));
            case DROP_AUTHORITIES ->
                Optional.of(new Certificates(
                        current.authorities().subList(0, 1), current.authorityKey(), current.serving()));
        };
    }

    private boolean named(Certificates current) {
        try {
            return current.serving().certificate().getSubjectAlternativeNames() != null
                    && current.serving().certificate().getSubjectAlternativeNames().stream()
                            .map(entry -> String.valueOf(entry.get(1)))
                            .toList()
                            .containsAll(dnsNames);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private Certificates withAuthority(Certificates current) {
        KeyPair keys = keys();
        List<X509Certificate> authorities = new ArrayList<>();
        authorities.add(authority(keys));
        authorities.addAll(current.authorities());
        return new Certificates(authorities, keys.getPrivate(), current.serving());
    }

    private Certificates reissued(Certificates current) {
        return new Certificates(
                current.authorities(),
                current.authorityKey(),
                serving(current.authorities().get(0), current.authorityKey()));
    }

    private KeyPair keys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), random);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has the curve P-256", e);
        }
    }

    private X509Certificate authority(KeyPair keys) {
        Instant now = clock.instant();
        byte[] mark = new byte[4];
        random.nextBytes(mark); // names differ, so that a certificate leads to one authority
        X500Principal subject = subject(name + "-ca-" + HexFormat.of().formatHex(mark));
        return signed(
                builder(subject, subject, keys.getPublic(), now, now.plus(authorityValidity)),
                keys.getPrivate(),
                builder -> {
                    JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
                    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
                    builder.addExtension(
                            Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
                    builder.addExtension(
                            Extension.subjectKeyIdentifier,
                            false,
                            extensions.createSubjectKeyIdentifier(keys.getPublic()));
                });
    }

    private KeyPairAndChain serving(X509Certificate authority, PrivateKey authorityKey) {
        KeyPair keys = keys();
        Instant now = clock.instant();
        Instant end = now.plus(validity);
        Instant last = authority.getNotAfter().toInstant();
        X509Certificate certificate = signed(
                builder(
                        authority.getSubjectX500Principal(),
                        subject(name),
                        keys.getPublic(),
                        now,
                        end.isBefore(last) ? end : last),
                authorityKey,
                builder -> {
                    JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
                    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
                    builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
                    builder.addExtension(
                            Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
                    builder.addExtension(
                            Extension.subjectAlternativeName,
                            false,
                            new GeneralNames(dnsNames.stream()
                                    .map(dns -> new GeneralName(GeneralName.dNSName, dns))
                                    .toArray(GeneralName[]::new)));
                    builder.addExtension(
                            Extension.authorityKeyIdentifier,
                            false,
                            extensions.createAuthorityKeyIdentifier(authority.getPublicKey()));
                });
        return new KeyPairAndChain(keys.getPrivate(), List.of(certificate));
    }

    private static X500Principal subject(String name) {
        return new X500Principal("CN=" + name);
    }

    private X509v3CertificateBuilder builder(
            X500Principal issuer, X500Principal subject, PublicKey key, Instant begin, Instant end) {
        return new JcaX509v3CertificateBuilder(
                issuer,
                new BigInteger(127, random),
                Date.from(begin.minus(Lifetime.SKEW)),
                Date.from(end),
                subject,
                key);
    }

    private interface Extensions {
        void add(X509v3CertificateBuilder builder) throws CertIOException, GeneralSecurityException;
    }

    private static X509Certificate signed(X509v3CertificateBuilder builder, PrivateKey key, Extensions extensions) {
        try {
            extensions.add(builder);
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNATURE).build(key)));
        } catch (CertIOException | OperatorCreationException | GeneralSecurityException e) {
            throw new IllegalStateException("a certificate could not be made", e);
        }
    }
}
