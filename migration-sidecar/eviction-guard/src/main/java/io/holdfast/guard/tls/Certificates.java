package io.holdfast.guard.tls;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The guard's own certificates as they stand in a Secret: a certificate with its key, and the authorities that clients are to
 * trust, of which the newest one's key is there too.
 *
 * @param authorities newest first; not empty
 * @param authorityKey of the newest
 */
public record Certificates(List<X509Certificate> authorities, PrivateKey authorityKey, KeyPairAndChain serving) {
    static final String AUTHORITIES = "ca.crt";
    static final String AUTHORITY_KEY = "ca.key";
    static final String CERTIFICATE = "tls.crt";
    static final String KEY = "tls.key";

    public Certificates {
        authorities = List.copyOf(authorities);
    }

    /** @throws HoldfastException if entries are missing, unreadable, or do not belong together */
    public static Certificates of(Map<String, String> entries) {
        Certificates read = new Certificates(
                Pem.certificates(AUTHORITIES, entries.getOrDefault(AUTHORITIES, "")),
                Pem.key(AUTHORITY_KEY, entries.getOrDefault(AUTHORITY_KEY, "")),
                new KeyPairAndChain(
                        Pem.key(KEY, entries.getOrDefault(KEY, "")),
                        Pem.certificates(CERTIFICATE, entries.getOrDefault(CERTIFICATE, ""))));
        if (!read.serving.belongTogether()
                || !new KeyPairAndChain(read.authorityKey, List.of(read.authorities.get(0))).belongTogether()) {
            throw new HoldfastException(
                    Disposition.RETRYABLE,
                    "A key in the Secret is not that of its certificate",
                    "No action needed: the leader makes new ones");
        }
        return read;
    }

    /** What is written to the Secret. */
    public Map<String, String> entries() {
        Map<String, String> entries = new LinkedHashMap<>();
        entries.put(AUTHORITIES, bundle());
        entries.put(AUTHORITY_KEY, Pem.text(authorityKey));
        entries.put(CERTIFICATE, Pem.text(serving.chain()));
        entries.put(KEY, Pem.text(serving.key()));
        return entries;
    }

    /** What clients are to trust, as text. */
    public String bundle() {
        return Pem.text(authorities);
    }

    /** Which authority signed the certificate; negative if none did. */
    int signer() {
        for (int i = 0; i < authorities.size(); i++) {
            try {
                serving.certificate().verify(authorities.get(i).getPublicKey());
                return i;
            } catch (GeneralSecurityException e) {
                // another one's
            }
        }
        return -1;
    }
}
