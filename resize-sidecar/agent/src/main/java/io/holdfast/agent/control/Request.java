package io.holdfast.agent.control;

import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.ErrorCode;
import io.holdfast.base.Spelling;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One line of the protocol, read: {@code HOLDFAST/1 <command> [key=value ...]}. Pure. */
public record Request(Command command, Map<String, String> values) {
    /** The only version that is spoken. */
    public static final int VERSION = 1;

    /** The longest line, in bytes, without its end. */
    static final int MOST_BYTES = 4096;

    private static final String NAME = "HOLDFAST/";
    private static final String USAGE =
            "Write 'HOLDFAST/1 <command> [key=value ...]' with one blank between the parts; commands are "
                    + String.join(", ", Command.all());

    /** @throws AgentException if it is no request, or not one that is known */
    static Request parse(byte[] line) {
        String text = decoded(line);
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw new AgentException(ErrorCode.BAD_REQUEST, "The line holds control characters", USAGE);
        }
        String[] parts = text.split(" ", -1);
        if (!parts[0].startsWith(NAME) || parts.length < 2) {
            throw new AgentException(ErrorCode.BAD_REQUEST, "The line is not a request", USAGE);
        }
        if (!parts[0].equals(NAME + VERSION)) {
            throw new AgentException(
                    ErrorCode.UNSUPPORTED_VERSION,
                    "The request begins with " + shortened(parts[0]),
                    "This agent speaks HOLDFAST/1 only");
        }
        Command command = Command.of(parts[1])
                .orElseThrow(() -> new AgentException(
                        ErrorCode.UNKNOWN_COMMAND,
                        "There is no command '" + shortened(parts[1]) + "'",
                        meant(parts[1], Command.all())));
        Map<String, String> values = new LinkedHashMap<>();
        for (String pair : List.of(parts).subList(2, parts.length)) {
            put(values, command, pair);
        }
        for (String key : command.required()) {
            if (!values.containsKey(key)) {
                throw new AgentException(
                        ErrorCode.MISSING_KEY,
                        "Command " + command.wire() + " lacks " + key,
                        "Add " + key + "=<value>");
            }
        }
        return new Request(command, values);
    }

    /** Returns a number of bytes. */
    public long bytes() {
        return number("bytes", 0, Long.MAX_VALUE);
    }

    /** Returns the time that the caller is ready to wait, in milliseconds. */
    public long timeoutMillis(long byDefault) {
        return values.containsKey("timeout-ms") ? number("timeout-ms", 1, 3_600_000) : byDefault;
    }

    /** Returns whether to wait; true unless the caller said no. */
    public boolean waits() {
        String value = values.getOrDefault("wait", "true");
        if (!value.equals("true") && !value.equals("false")) {
            throw new AgentException(
                    ErrorCode.BAD_VALUE, "wait is '" + shortened(value) + "'", "Write wait=true or wait=false");
        }
        return value.equals("true");
    }

    private long number(String key, long least, long most) {
        String value = values.get(key);
        try {
            long number = value.matches("[0-9]{1,19}") ? Long.parseLong(value) : -1;
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // falls through: too large
        }
        throw new AgentException(
                ErrorCode.BAD_VALUE,
                key + " is '" + shortened(value) + "'",
                "Write a decimal number from " + least + " to " + most);
    }

    private static void put(Map<String, String> values, Command command, String pair) {
        int equals = pair.indexOf('=');
        if (equals <= 0) {
            throw new AgentException(ErrorCode.BAD_REQUEST, "'" + shortened(pair) + "' is not key=value", USAGE);
        }
        String key = pair.substring(0, equals);
        if (!command.keys().contains(key)) {
            throw new AgentException(
                    ErrorCode.UNKNOWN_KEY,
                    "Command " + command.wire() + " has no key '" + shortened(key) + "'",
                    command.keys().isEmpty() ? "Remove it; the command has none" : meant(key, command.keys()));
        }
        if (values.put(key, Percent.decode(pair.substring(equals + 1))) != null) {
            throw new AgentException(ErrorCode.BAD_REQUEST, "Key " + key + " stands there twice", "Give it once");
        }
    }

    private static String meant(String word, List<String> known) {
        return Spelling.closest(word, known)
                .map(name -> "Did you mean " + name + "?")
                .orElse("Known are " + String.join(", ", known));
    }

    private static String decoded(byte[] line) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(line))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new AgentException(ErrorCode.NOT_UTF8, "The line is not UTF-8", "The connection is closed", e);
        }
    }

    private static String shortened(String text) {
        return text.length() <= 60 ? text : text.substring(0, 60) + "...";
    }
}
