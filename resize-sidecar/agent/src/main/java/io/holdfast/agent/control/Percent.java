package io.holdfast.agent.control;

import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Blanks, percent signs and control characters in values: {@code %20}, by the bytes of UTF-8. Pure. */
final class Percent {
    private Percent() {}

    static String encode(String value) {
        StringBuilder encoded = new StringBuilder(value.length());
        for (int index = 0; index < value.length(); index++) {
            char character = value.charAt(index);
            if (character == ' ' || character == '%' || character < ' ' || character == 0x7f) {
                encoded.append('%').append("%02X".formatted((int) character));
            } else {
                encoded.append(character);
            }
        }
        return encoded.toString();
    }

    /** @throws AgentException if a percent sign is not followed by two hexadecimal digits, or they are no UTF-8 */
    static String decode(String value) {
        if (value.indexOf('%') < 0) {
            return value;
        }
        byte[] raw = value.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream decoded = new ByteArrayOutputStream(raw.length);
        for (int index = 0; index < raw.length; index++) {
            if (raw[index] != '%') {
                decoded.write(raw[index]);
                continue;
            }
            boolean complete = index + 2 < raw.length;
            int high = complete ? Character.digit(raw[index + 1], 16) : -1;
            int low = complete ? Character.digit(raw[index + 2], 16) : -1;
            if (high < 0 || low < 0) {
                throw bad();
            }
            decoded.write(high << 4 | low);
            index += 2;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(decoded.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw bad();
        }
    }

    private static AgentException bad() {
        return new AgentException(
                ErrorCode.BAD_VALUE, "A percent sign begins no encoded character", "Write a percent sign as %25");
    }
}
