package io.holdfast.migration.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;

/**
 * Where those that get the tasks can fetch the local state of the TaskManager that leaves. The JobManager hands it on to them,
 * and shows the token to nobody else.
 *
 * @param url of a server of local state, reached from other pods, without a path
 * @param token that requests there must carry; is not in {@link #toString}
 */
public record Handoff(URI url, String token) {
    static final String FIELD = "handoff";

    /** @throws IllegalArgumentException if {@code url} is no http or https address without a path, or {@code token} is blank */
    public Handoff {
        boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
        if (!http
                || url.getHost() == null
                || url.getUserInfo() != null
                || !url.getRawPath().isEmpty()) {
            throw new IllegalArgumentException("url must be like http://10.0.0.7:9621, without a path");
        }
        if (token.isBlank()) {
            throw new IllegalArgumentException("token must not be blank");
        }
    }

    void writeTo(ObjectNode move) {
        move.putObject(FIELD).put("url", url.toString()).put("token", token);
    }

    @Override
    public String toString() {
        return "Handoff[url=" + url + ", token=hidden]";
    }
}
