package io.holdfast.flink.rest;

import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.runtime.rest.handler.HandlerRequest;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.rest.handler.RestHandlerException.LoggingBehavior;
import org.apache.flink.runtime.rest.messages.MessageQueryParameter;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/** Who asks for moves, as bodies and queries say it. REST handler threads. */
final class Requester extends MessageQueryParameter<String> {

    static final String KEY = "requester";

    static final int LONGEST = 200;

    Requester() {
        super(KEY, MessageParameterRequisiteness.OPTIONAL);
    }

    /** Of the body of a request for a move; {@link MoveRequest#ANONYMOUS} if it does not say it. */
    static String in(Map<String, Object> body) throws RestHandlerException {
        Object requester = body.get(KEY);
        if (requester == null) {
            return MoveRequest.ANONYMOUS;
        }
        return checked(requester instanceof String text ? text : null, requester);
    }

    /** Of the query of {@code request}; empty, which is all, if it does not say it. */
    static String in(HandlerRequest<?> request) throws RestHandlerException {
        List<String> said = request.getQueryParameter(Requester.class);
        return said.isEmpty() ? "" : checked(said.get(0), said.get(0));
    }

    private static String checked(@Nullable String requester, Object said) throws RestHandlerException {
        if (requester == null || requester.isBlank() || requester.length() > LONGEST) {
            throw new RestHandlerException(
                    "\"%s\" must be a text of 1 to %d characters, and is %s. Leave it out if who asks has no name"
                            .formatted(KEY, LONGEST, shortened(String.valueOf(said))),
                    HttpResponseStatus.BAD_REQUEST,
                    LoggingBehavior.IGNORE);
        }
        return requester;
    }

    private static String shortened(String text) {
        return text.length() <= LONGEST ? '"' + text + '"' : "longer: " + text.substring(0, LONGEST) + "…";
    }

    /** Flink's version takes commas for a list's. */
    @Override
    public List<String> convertFromString(String values) {
        return List.of(values);
    }

    @Override
    public String convertStringToValue(String value) {
        return value;
    }

    @Override
    public String convertValueToString(String value) {
        return value;
    }

    @Override
    public String getDescription() {
        return "String value that names who has asked; without it all who have are meant.";
    }
}
