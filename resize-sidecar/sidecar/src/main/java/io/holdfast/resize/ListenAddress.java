package io.holdfast.resize;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where the HTTP interface listens: {@code HOST:PORT}, an IPv6 address in brackets. */
record ListenAddress(String host, int port) {
    static final String DEFAULT = "127.0.0.1:9610";

    private static final Pattern ADDRESS = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^:\\[\\]\\s]+):([0-9]{1,5})");
    private static final int LAST_PORT = 65_535;

    /** @throws IllegalArgumentException if {@code text} is none; the message says how one is written */
    static ListenAddress parse(String text) {
        Matcher matcher = ADDRESS.matcher(text.strip());
        if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > LAST_PORT) {
            throw new IllegalArgumentException(
                    "'%s' is not an address; write one like 127.0.0.1:9610 or [::]:9610".formatted(text));
        }
        return new ListenAddress(matcher.group(1).replaceAll("[\\[\\]]", ""), Integer.parseInt(matcher.group(2)));
    }

    boolean loopback() {
        return host.startsWith("127.") || host.equals("localhost") || host.equals("::1");
    }
}
