package io.holdfast.migration.notice;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which taints of a node say that it goes: written {@code KEY}, {@code KEY=VALUE}, {@code KEY:EFFECT} or {@code
 * KEY=VALUE:EFFECT}. What is left out may be anything.
 */
public record TaintRule(String key, Optional<String> value, Optional<String> effect) {
    private static final Pattern RULE = Pattern.compile(
            "([a-zA-Z0-9][-a-zA-Z0-9_./]*)(?:=([-a-zA-Z0-9_.]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?");

    /** @throws IllegalArgumentException if {@code text} is none; the message says how one is written */
    public static TaintRule parse(String text) {
        Matcher matcher = RULE.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'%s' is no taint; write one like karpenter.sh/disrupted, KEY=VALUE or KEY=VALUE:NoSchedule"
                            .formatted(text));
        }
        return new TaintRule(
                matcher.group(1), Optional.ofNullable(matcher.group(2)), Optional.ofNullable(matcher.group(3)));
    }

    boolean matches(String itsKey, String itsValue, String itsEffect) {
        return key.equals(itsKey)
                && value.filter(wanted -> !wanted.equals(itsValue)).isEmpty()
                && effect.filter(wanted -> !wanted.equals(itsEffect)).isEmpty();
    }
}
