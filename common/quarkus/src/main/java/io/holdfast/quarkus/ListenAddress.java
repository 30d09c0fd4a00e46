package io.holdfast.quarkus;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a program listens: {@code HOST:PORT}, an IPv6 address in brackets. */
public record ListenAddress(String host, int port) {
    private static final Pattern ADDRESS = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^:\\[\\]\\s]+):([0-9]{1,5})");
    private static final int LAST_PORT = 65_535;

    /** @throws IllegalArgumentException if {@code text} is none; the message says how one is written */
    public static ListenAddress parse(String text) {
        Matcher matcher = ADDRESS.matcher(text.strip());
        if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > LAST_PORT) {
            throw new IllegalArgumentException(
                    "'%s' is not an address; write one like 127.0.0.1:9610 or [::]:9610".formatted(text));
        }
        return new ListenAddress(matcher.group(1).replaceAll("[\\[\\]]", ""), Integer.parseInt(matcher.group(2)));
    }

    /** Whether only this machine, or this pod, can reach it. */
    public boolean loopback() {
        return host.startsWith("127.") || host.equals("localhost") || host.equals("::1");
    }
}
