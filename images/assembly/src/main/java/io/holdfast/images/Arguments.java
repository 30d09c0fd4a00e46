package io.holdfast.images;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A command line of {@code --name=value} alone. Each name is given once, unless it is one of those that repeat. */
final class Arguments {

    private final Map<String, List<String>> values;

    private Arguments(Map<String, List<String>> values) {
        this.values = values;
    }

    /**
     * @param single names that are given once
     * @param repeated names that are given any number of times
     */
    static Arguments parse(String[] line, List<String> single, List<String> repeated) {
        Map<String, List<String>> values = new LinkedHashMap<>();
        for (String argument : line) {
            int end = argument.indexOf('=');
            String name = end < 0 ? argument : argument.substring(0, end);
            boolean repeats = repeated.contains(name);
            if (end < 0 || !(repeats || single.contains(name))) {
                throw unusable(
                        "'%s' is not an argument of this program".formatted(argument),
                        "Give %s=VALUE".formatted(String.join("=VALUE, ", single)));
            }
            List<String> known = values.getOrDefault(name, List.of());
            if (!repeats && !known.isEmpty()) {
                throw unusable(name + " is given twice", "Give it once");
            }
            List<String> all = new ArrayList<>(known);
            all.add(argument.substring(end + 1));
            values.put(name, all);
        }
        for (String name : single) {
            if (values.getOrDefault(name, List.of("")).get(0).isBlank()) {
                throw unusable(name + " is missing", "Give %s=VALUE".formatted(name));
            }
        }
        return new Arguments(values);
    }

    String text(String name) {
        return values.get(name).get(0);
    }

    Path path(String name) {
        return Path.of(text(name)).toAbsolutePath().normalize();
    }

    List<String> all(String name) {
        return values.getOrDefault(name, List.of());
    }

    private static HoldfastException unusable(String problem, String remedy) {
        return new HoldfastException(Disposition.FATAL, problem, remedy);
    }
}
