package io.holdfast.guard.tls;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMException;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;

/** Certificates and keys as text. Keys may be in the form of PKCS #8, PKCS #1 or SEC 1. */
final class Pem {
    private Pem() {}

    /** @throws HoldfastException RETRYABLE if {@code text}, called {@code name}, holds no certificate */
    static List<X509Certificate> certificates(String name, String text) {
        List<X509Certificate> found = new ArrayList<>();
        JcaX509CertificateConverter converter = new JcaX509CertificateConverter();
        try (PEMParser parser = new PEMParser(new StringReader(text))) {
            for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
                if (object instanceof X509CertificateHolder holder) {
                    found.add(converter.getCertificate(holder));
                }
            }
        } catch (IOException | CertificateException e) {
            throw unreadable(name, "a certificate", e);
        }
        if (found.isEmpty()) {
            throw unreadable(name, "a certificate", null);
        }
        return List.copyOf(found);
    }

    /** @throws HoldfastException RETRYABLE if {@code text}, called {@code name}, holds no private key */
    static PrivateKey key(String name, String text) {
        JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
        try (PEMParser parser = new PEMParser(new StringReader(text))) {
            for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
                if (object instanceof PEMKeyPair pair) {
                    return converter.getKeyPair(pair).getPrivate();
                }
                if (object instanceof PrivateKeyInfo info) {
                    return converter.getPrivateKey(info);
                }
            }
        } catch (PEMException e) {
            throw unreadable(name, "a private key", e);
        } catch (IOException e) {
            throw unreadable(name, "a private key", e);
        }
        throw unreadable(name, "a private key", null);
    }

    static String text(List<X509Certificate> certificates) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            for (X509Certificate certificate : certificates) {
                writer.writeObject(certificate);
            }
        } catch (IOException e) {
            throw new IllegalStateException("nothing but memory is written to", e);
        }
        return text.toString();
    }

    static String text(PrivateKey key) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(new JcaPKCS8Generator(key, null));
        } catch (IOException e) {
            throw new IllegalStateException("nothing but memory is written to", e);
        }
        return text.toString();
    }

    /** RETRYABLE, for whoever writes it may be in the middle of that. */
    private static HoldfastException unreadable(String name, String what, Exception cause) {
        return new HoldfastException(
                Disposition.RETRYABLE,
                "%s holds no readable %s, in PEM%s"
                        .formatted(name, what.substring(2), cause == null ? "" : ": " + cause.getMessage()),
                "Put %s there, without a password".formatted(what),
                cause);
    }
}
