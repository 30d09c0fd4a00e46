package io.holdfast.agent.stub;

import java.math.BigInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Compares versions such as {@code 0.1.0-SNAPSHOT} and {@code 0.2.0}: by number; equal numbers, a release is newer. */
final class AgentVersion {
    private static final Pattern VERSION = Pattern.compile("([0-9]+(?:\\.[0-9]+)*)(?:-(.*))?");

    private AgentVersion() {}

    /** @throws IllegalArgumentException if one of them is no version */
    static boolean isNewer(String candidate, String running) {
        Matcher one = matched(candidate);
        Matcher other = matched(running);
        String[] ones = one.group(1).split("\\.");
        String[] others = other.group(1).split("\\.");
        for (int index = 0; index < Math.max(ones.length, others.length); index++) {
            int order = part(ones, index).compareTo(part(others, index));
            if (order != 0) {
                return order > 0;
            }
        }
        return one.group(2) == null && other.group(2) != null;
    }

    private static Matcher matched(String version) {
        Matcher matcher = VERSION.matcher(version);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + version + "' is not a version such as 1.2.0");
        }
        return matcher;
    }

    private static BigInteger part(String[] parts, int index) {
        return index < parts.length ? new BigInteger(parts[index]) : BigInteger.ZERO;
    }
}
