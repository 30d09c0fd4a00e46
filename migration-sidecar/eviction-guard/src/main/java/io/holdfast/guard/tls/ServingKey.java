package io.holdfast.guard.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * Gives each TLS handshake the certificate of that moment: a new one is served without a restart, and connections that are
 * open go on.
 *
 * <p>Thread-safe. A handshake asks twice, for certificate and key: each certificate has an alias of its own, so that both are
 * of one pair even if another is published in between.
 */
public final class ServingKey extends X509ExtendedKeyManager {
    private record Published(String alias, KeyPairAndChain pair) {}

    private volatile Published current;
    private volatile Published previous;

    /** From now on this is served. Returns whether it is another one than before. */
    public synchronized boolean publish(KeyPairAndChain next) {
        if (current != null && current.pair.certificate().equals(next.certificate())) {
            return false;
        }
        previous = current;
        current =
                new Published("holdfast-" + next.certificate().getSerialNumber().toString(16), next);
        return true;
    }

    /** What is served; empty as long as nothing is. */
    public Optional<X509Certificate> certificate() {
        Published now = current;
        return now == null ? Optional.empty() : Optional.of(now.pair.certificate());
    }

    private Published of(String alias) {
        Published now = current;
        if (now != null && now.alias.equals(alias)) {
            return now;
        }
        Published before = previous;
        return before != null && before.alias.equals(alias) ? before : null;
    }

    @Override
    public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
        Published now = current;
        return now != null && now.pair.key().getAlgorithm().equals(keyType) ? now.alias : null;
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
        return chooseEngineServerAlias(keyType, issuers, null);
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
        String alias = chooseEngineServerAlias(keyType, issuers, null);
        return alias == null ? new String[0] : new String[] {alias};
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        Published published = of(alias);
        return published == null ? null : published.pair.chain().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        Published published = of(alias);
        return published == null ? null : published.pair.key();
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
        return new String[0];
    }

    @Override
    public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
        return null;
    }
}
