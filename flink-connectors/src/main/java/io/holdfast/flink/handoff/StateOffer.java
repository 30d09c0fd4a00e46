package io.holdfast.flink.handoff;

import java.io.Serializable;
import java.net.URI;

/**
 * Where the local state of a TaskManager can be fetched.
 *
 * @param url of the server: scheme, host and port
 * @param token that the server wants to see; shown to nobody else
 */
public record StateOffer(URI url, String token) implements Serializable {

    @Override
    public String toString() {
        return "StateOffer[" + url + "]";
    }
}
