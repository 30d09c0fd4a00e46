package io.holdfast.flink.rest;

import io.holdfast.flink.handoff.StateOffer;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.rest.handler.RestHandlerException.LoggingBehavior;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/** Where the local state of a TaskManager that leaves can be fetched, as the body of a request for a move says it. Pure. */
final class HandoffField {

    static final String KEY = "handoff";
    static final String URL = "url";
    static final String TOKEN = "token";

    private static final int LONGEST = 1_000;
    private static final Set<String> SCHEMES = Set.of("http", "https");

    private HandoffField() {}

    /** By TaskManager; empty if the body says nothing of it. The token is in no message: who sends it knows it. */
    static Map<String, StateOffer> in(Map<String, Object> body, List<String> taskManagers) throws RestHandlerException {
        Object handoff = body.get(KEY);
        if (handoff == null) {
            return Map.of();
        }
        if (!(handoff instanceof Map<?, ?> fields) || !fields.keySet().equals(Set.of(URL, TOKEN))) {
            throw bad("\"%s\" must have the fields %s and %s, and no other".formatted(KEY, URL, TOKEN));
        }
        if (taskManagers.size() != 1) {
            throw bad("\"%s\" is for one TaskManager, and %d leave. Send a request for each"
                    .formatted(KEY, taskManagers.size()));
        }
        return Map.of(taskManagers.get(0), new StateOffer(url(fields.get(URL)), token(fields.get(TOKEN))));
    }

    private static URI url(@Nullable Object value) throws RestHandlerException {
        try {
            if (value instanceof String text && text.length() <= LONGEST) {
                URI url = new URI(text);
                boolean bare = (url.getRawPath() == null || url.getRawPath().isEmpty())
                        && url.getRawQuery() == null
                        && url.getRawFragment() == null
                        && url.getRawUserInfo() == null;
                if (url.getHost() != null && SCHEMES.contains(String.valueOf(url.getScheme())) && bare) {
                    return url;
                }
            }
        } catch (URISyntaxException e) {
            // said below
        }
        throw bad("\"%s\" of \"%s\" must be scheme, host and port, such as http://10.0.0.7:9621, and is %s"
                .formatted(URL, KEY, value));
    }

    private static String token(@Nullable Object value) throws RestHandlerException {
        if (value instanceof String text
                && !text.isEmpty()
                && text.length() <= LONGEST
                && text.chars().allMatch(c -> c > ' ' && c < 127)) {
            return text;
        }
        throw bad("\"%s\" of \"%s\" must be a text of 1 to %d visible ASCII characters".formatted(TOKEN, KEY, LONGEST));
    }

    private static RestHandlerException bad(String message) {
        return new RestHandlerException(message, HttpResponseStatus.BAD_REQUEST, LoggingBehavior.IGNORE);
    }
}
