package io.holdfast.guard.tls;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Decides when certificates are renewed. What clients trust changes before what they are shown, and is taken back after it: a
 * new authority is announced first, signs only when the overlap has passed, and the old one stays announced as long after
 * that.
 */
final class RotationPolicy {
    private final Duration overlap;

    /** @param overlap how long what is announced may take to reach every API server and every replica */
    RotationPolicy(Duration overlap) {
        this.overlap = overlap;
    }

    /** What is to be done next. */
    enum Step {
        NOTHING,
        /** Everything anew: nothing of it is worth keeping. */
        CREATE,
        ADD_AUTHORITY,
        /** A new certificate, signed by the newest authority. */
        REISSUE,
        /** Only the newest authority is still announced. */
        DROP_AUTHORITIES
    }

    /**
     * @param authorities announced ones, newest first; not empty
     * @param signer which of them signed the certificate; negative if none did
     */
    Step next(List<Lifetime> authorities, int signer, Lifetime certificate, Instant now) {
        Lifetime newest = authorities.get(0);
        if (!now.isBefore(newest.expires()) || signer < 0) {
            return Step.CREATE;
        }
        boolean known = !now.isBefore(newest.issued().plus(overlap));
        if (signer > 0) {
            return known || !now.isBefore(certificate.expires()) ? Step.REISSUE : Step.NOTHING;
        }
        if (!now.isBefore(newest.renewal())) {
            return Step.ADD_AUTHORITY;
        }
        if (!now.isBefore(certificate.renewal())) {
            return Step.REISSUE;
        }
        return authorities.size() > 1 && !now.isBefore(certificate.issued().plus(overlap))
                ? Step.DROP_AUTHORITIES
                : Step.NOTHING;
    }
}
