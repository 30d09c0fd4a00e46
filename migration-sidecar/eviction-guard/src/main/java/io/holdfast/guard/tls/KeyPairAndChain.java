package io.holdfast.guard.tls;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * What a server shows and proves.
 *
 * @param chain the certificate, and those that lead to an authority; not empty
 */
public record KeyPairAndChain(PrivateKey key, List<X509Certificate> chain) {
    public KeyPairAndChain {
        chain = List.copyOf(chain);
        if (chain.isEmpty()) {
            throw new IllegalArgumentException("chain must not be empty");
        }
    }

    public X509Certificate certificate() {
        return chain.get(0);
    }

    /** Of files or secrets that are being replaced, one half may be newer. */
    boolean belongTogether() {
        byte[] probe = {1, 2, 3};
        String algorithm = switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> key.getAlgorithm();
        };
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(probe);
            byte[] signed = signature.sign();
            signature.initVerify(
                    certificate().getPublicKey()); // an authority's certificate is not for signing messages
            signature.update(probe);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
