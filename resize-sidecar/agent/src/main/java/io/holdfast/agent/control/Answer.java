package io.holdfast.agent.control;

import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What a request is answered.
 *
 * @param error null if all is well
 * @param message for people; null if all is well
 */
public record Answer(ErrorCode error, String message, Map<String, Object> values) {
    /** For when there is not even the memory to say more. */
    public static final Answer NO_MEMORY = error(
            ErrorCode.FAILED,
            "The heap is full, and the agent has none of its own. Raise the ceiling, or end the JVM.");

    /** Returns the answer to a request that was done; {@code values} in their order. */
    public static Answer ok(Map<String, Object> values) {
        return new Answer(null, null, values);
    }

    /** Returns the answer to a request that was not done. */
    public static Answer error(ErrorCode code, String message) {
        return new Answer(code, message, Map.of());
    }

    /** Returns the answer to a request that an error inside the agent ended. */
    public static Answer failed(Throwable cause) {
        return cause instanceof OutOfMemoryError
                ? NO_MEMORY
                : error(ErrorCode.FAILED, "The agent failed: " + cause + ". Report this.");
    }

    /** As {@link #error(ErrorCode, String)}. */
    public static Answer of(AgentException e) {
        return error(e.code(), e.getMessage());
    }

    /** Returns whether the line could not be told from the next, or its sender not from an attacker. */
    boolean closes() {
        return error == ErrorCode.TOO_LONG
                || error == ErrorCode.NOT_UTF8
                || error == ErrorCode.FORBIDDEN
                || error == ErrorCode.TOO_MANY_CONNECTIONS;
    }

    byte[] encoded() {
        StringBuilder text = new StringBuilder(error == null ? "ok" : "error " + error.wire() + " " + oneLine(message));
        text.append('\n');
        values.forEach((key, value) -> text.append(key)
                .append('=')
                .append(Percent.encode(String.valueOf(value)))
                .append('\n'));
        return text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String oneLine(String text) {
        return text.replaceAll("[\\p{Cntrl}]+", " ");
    }
}
