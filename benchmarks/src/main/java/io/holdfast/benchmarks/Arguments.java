package io.holdfast.benchmarks;

import io.holdfast.base.Spelling;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/** Options of a command line: names that stand alone, and names that are followed by a value. */
final class Arguments {

    private final Map<String, String> values = new HashMap<>();

    /** Throws {@link UsageException} on a name that is in neither set, or without its value. */
    Arguments(List<String> arguments, Set<String> switches, Set<String> options) {
        Set<String> all = new TreeSet<>(switches);
        all.addAll(options);
        for (int i = 0; i < arguments.size(); i++) {
            String name = arguments.get(i);
            if (switches.contains(name)) {
                values.put(name, "");
            } else if (options.contains(name)) {
                if (i + 1 >= arguments.size() || arguments.get(i + 1).startsWith("--")) {
                    throw new UsageException(name + " needs a value.");
                }
                values.put(name, arguments.get(++i));
            } else {
                throw new UsageException("'%s' is not an option.%s"
                        .formatted(
                                name,
                                Spelling.closest(name, all)
                                        .map(close -> " Did you mean " + close + "?")
                                        .orElse("")));
            }
        }
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    OptionalLong number(String name, long lowest, long highest) {
        String value = values.get(name);
        if (value == null) {
            return OptionalLong.empty();
        }
        try {
            long number = Long.parseLong(value);
            if (number >= lowest && number <= highest) {
                return OptionalLong.of(number);
            }
        } catch (NumberFormatException e) {
            // falls through to the one message for both mistakes
        }
        throw new UsageException("%s is '%s'. Give a number in %d..%d.".formatted(name, value, lowest, highest));
    }

    String choice(String name, String otherwise, List<String> choices) {
        String value = values.getOrDefault(name, otherwise);
        if (value != null && !choices.contains(value)) {
            throw new UsageException("%s is '%s'. Choose %s.".formatted(name, value, String.join(" or ", choices)));
        }
        return value;
    }

    /** Those of {@code names} that were given, with their values. */
    List<String> asGiven(List<String> names) {
        List<String> given = new ArrayList<>();
        for (String name : names) {
            String value = values.get(name);
            if (value != null) {
                given.add(name);
                if (!value.isEmpty()) {
                    given.add(value);
                }
            }
        }
        return given;
    }

    String text(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }
}
