package io.holdfast.quarkus;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The line that says at the start what a program goes by: every variable with its value, defaults marked. */
public final class EffectiveSettings {
    private EffectiveSettings() {}

    /**
     * Returns {@code name=value} of each setting, in the order given, with {@code (default)} after what no variable sets.
     *
     * @param values by variable; an absent one is left out. No secrets: those are in files
     */
    public static String line(Map<String, ?> values) {
        return line(values, ProcessEnvironment.variables());
    }

    static String line(Map<String, ?> values, Map<String, String> environment) {
        return values.entrySet().stream()
                .flatMap(setting -> present(setting.getValue())
                        .map(value -> setting.getKey() + "=" + value
                                + (environment.containsKey(setting.getKey()) ? "" : " (default)")))
                .collect(Collectors.joining(" "));
    }

    private static Stream<?> present(Object value) {
        return value instanceof Optional<?> optional ? optional.stream() : Stream.of(value);
    }
}
